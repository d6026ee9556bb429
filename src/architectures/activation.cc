#include "architectures/activation.h"

#include <algorithm>
#include <string_view>

#include "base/fail.h"

namespace zeropoint {
namespace {

enum class Kind { relu, silu, gelu, gelu_tanh, tanh };

struct NamedKind {
  std::string_view name;
  Kind kind;
};

// gelu_fast and its likes write the same tanh approximation in other words (Hendrycks and Gimpel 2016).
constexpr NamedKind kKinds[] = {
    {"gelu", Kind::gelu},          {"gelu_fast", Kind::gelu_tanh},
    {"gelu_new", Kind::gelu_tanh}, {"gelu_pytorch_tanh", Kind::gelu_tanh},
    {"gelu_python", Kind::gelu},   {"relu", Kind::relu},
    {"silu", Kind::silu},          {"swish", Kind::silu},
    {"tanh", Kind::tanh},
};

std::string known_names() {
  std::string names;
  for (const NamedKind& known : kKinds) names += (names.empty() ? "" : ", ") + std::string(known.name);
  return names;
}

}  // namespace

ValueId activation(GraphBuilder& builder, const std::string& function, ValueId x, const std::string& name) {
  const auto known = std::ranges::find(kKinds, function, &NamedKind::name);
  if (known == std::end(kKinds)) {
    fail(ErrorKind::unsupported, builder.config().where(), "the activation '{}' is not offered; known are {}", function,
         known_names());
  }
  switch (known->kind) {
    case Kind::relu:
      return builder.node("Relu", name, {x});
    case Kind::tanh:
      return builder.node("Tanh", name, {x});
    case Kind::gelu:
      return builder.node("Gelu", name, {x});
    case Kind::gelu_tanh:
      return builder.node("Gelu", name, {x}, {{"approximate", std::string("tanh")}});
    case Kind::silu:
      return builder.node("Mul", name, {x, builder.node("Sigmoid", name + "/sigmoid", {x})});
  }
  return kNoValue;
}

}  // namespace zeropoint
