#include "methods/method.h"

#include <algorithm>
#include <vector>

#include "base/fail.h"
#include "base/nearest.h"

namespace zeropoint {

#define ZP_METHOD(name) Method method_##name();
#include "methods/methods.inc"
#undef ZP_METHOD

std::span<const Method> all_methods() {
  static const std::vector<Method> methods = {
#define ZP_METHOD(name) method_##name(),
#include "methods/methods.inc"
#undef ZP_METHOD
  };
  return methods;
}

const Method& find_method(std::string_view name) {
  const std::span<const Method> methods = all_methods();
  const auto found = std::find_if(methods.begin(), methods.end(), [&](const Method& m) { return m.name == name; });
  if (found != methods.end()) return *found;
  std::vector<std::string_view> names;
  for (const Method& method : methods) names.push_back(method.name);
  throw Error(ErrorKind::invalid_option, "--method", unknown_word("method", name, names));
}

void check_method_options(std::string_view name, const MethodOptions& options, const MethodOptions& allowed) {
  const auto refuse = [&](bool is_set, bool is_allowed, std::string_view option) {
    if (is_set && !is_allowed) {
      fail(ErrorKind::invalid_option, std::string(option), "has no meaning for the method {}", name);
    }
  };
  if (options.per_tensor && options.block_size != 0) {
    fail(ErrorKind::invalid_option, "--per-tensor", "contradicts --block-size {}", options.block_size);
  }
  refuse(options.bits != 0, allowed.bits != 0, "--bits");
  refuse(options.block_size != 0, allowed.block_size != 0, "--block-size");
  refuse(options.per_tensor, allowed.per_tensor, "--per-tensor");
  refuse(options.full_range, allowed.full_range, "--full-range");
  refuse(options.affine, allowed.affine, "--affine");
  refuse(options.act_order, allowed.act_order, "--act-order");
  refuse(options.static_groups, allowed.static_groups, "--static-groups");
  refuse(options.damping.has_value(), allowed.damping.has_value(), "--damping");
  refuse(options.clip_search, allowed.clip_search, "--clip-search");
  refuse(options.double_quantization, allowed.double_quantization, "--double-quantization");
}

}  // namespace zeropoint
