#include "methods/gptq_fingerprint.h"

#include <fmt/format.h>

#include <memory>
#include <type_traits>
#include <variant>

#include "base/fingerprint.h"

namespace zeropoint {
namespace {

constexpr std::string_view kKind = "zeropoint gptq 3";

/// Every value is preceded by its kind or count, so that what is added can be told apart.
class GraphFingerprint {
 public:
  void add(std::int64_t number) { sum_.add(number); }
  void add(std::string_view text) { sum_.add(text); }
  void add(const std::string& text) { sum_.add(std::string_view(text)); }
  void add(float number) { sum_.add(fmt::format("{:a}", number)); }
  void add(std::monostate) {}

  void add(const Tensor& tensor) {
    sum_.add(static_cast<std::int64_t>(tensor.dtype()));
    sum_.add(std::int64_t{std::ssize(tensor.shape())});
    for (const std::int64_t dim : tensor.shape()) sum_.add(dim);
    if (tensor.dtype() == DType::string || tensor.size() == 0) return;
    sum_.add(std::span(static_cast<const std::byte*>(tensor.stored()), tensor.bytes()));
  }

  void add(const std::shared_ptr<Graph>& graph) { add(*graph); }

  template <typename T>
  void add(const std::vector<T>& list) {
    sum_.add(std::int64_t{std::ssize(list)});
    for (const T& each : list) add(each);
  }

  void add(const Node& node) {
    add(node.domain);
    add(node.op_type);
    for (const auto* values : {&node.inputs, &node.outputs}) {
      add(std::int64_t{std::ssize(*values)});
      for (const ValueId id : *values) add(std::int64_t{id});
    }
    add(node.attributes);
  }

  void add(const Attribute& attribute) {
    add(attribute.name);
    add(attribute.carried);
    add(static_cast<std::int64_t>(attribute.value.index()));
    std::visit([this](const auto& value) { add(value); }, attribute.value);
  }

  void add(const Value& value) {
    add(value.name);
    if (value.constant) add(value.constant);
  }

  void add(const Graph& graph) {
    add(graph.nodes);
    add(graph.values);
  }

  std::string hex() const { return sum_.hex(); }

 private:
  Fingerprint sum_;
};

}  // namespace

std::string gptq_fingerprint(const Model& model, std::span<const std::vector<Tensor>> samples,
                             const GptqModelOptions& options) {
  GraphFingerprint sum;
  sum.add(kKind);
  for (const WeightTarget& target : find_weight_targets(model, options.filter, options.keep).targets) {
    const GptqOptions& o = options.of(target.name);
    sum.add(target.name);
    sum.add(fmt::format("{} {} {} {} {} {} {} {} {:a} {} {}", o.bits, o.block_size, o.per_tensor, o.symmetric,
                        o.act_order, o.static_groups, o.clip_search, o.short_block, o.damping,
                        name(o.storage.scale_type), o.storage.has_lowest_zero_point));
  }
  for (const auto& [domain, version] : model.opsets) {
    sum.add(domain);
    sum.add(version);
  }
  sum.add(model.graph);
  for (const std::vector<Tensor>& sample : samples) sum.add(sample);
  return sum.hex();
}

}  // namespace zeropoint
