#include "passes/qdq_pattern.h"

#include <algorithm>
#include <array>

#include "zeropoint/quant.h"

namespace zeropoint {
namespace {

bool is(const Node& node, std::string_view op_type) { return node.domain.empty() && node.op_type == op_type; }

}  // namespace

bool QdqPattern::has_grid(const Node& node) const {
  return node.inputs.size() == 3 && graph_.is_constant(node.inputs[1]) && graph_.is_constant(node.inputs[2]) &&
         constant(node.inputs[1]).dtype() == DType::f32;
}

std::optional<Codes> QdqPattern::dequantized(ValueId value) const {
  const int producer = value == kNoValue ? -1 : uses_.producer[static_cast<std::size_t>(value)];
  if (producer < 0) return std::nullopt;
  const Node& n = node(producer);
  if (!is(n, "DequantizeLinear") || !has_grid(n)) return std::nullopt;
  return Codes{.codes = n.inputs[0], .scale = n.inputs[1], .zero_point = n.inputs[2], .nodes = {}};
}

std::optional<Codes> QdqPattern::quantized(ValueId value, bool through_tail) const {
  Codes result;
  for (;;) {
    const int reader = value == kNoValue ? -1 : uses_.single_consumer(value);
    if (reader < 0) return std::nullopt;
    const Node& n = node(reader);
    result.nodes.push_back(reader);
    if (is(n, "QuantizeLinear") && has_grid(n)) {
      result.codes = n.outputs[0];
      result.scale = n.inputs[1];
      result.zero_point = n.inputs[2];
      return result;
    }
    const bool is_tail = through_tail && result.nodes.size() == 1 && (is(n, "Relu") || is(n, "Clip"));
    if (!is_tail) return std::nullopt;
    value = n.outputs[0];
  }
}

std::optional<CodeLimits> QdqPattern::code_limits(const Node& tail, const Codes& y) const {
  if (!is_per_tensor(y)) return std::nullopt;
  const float scale = constant(y.scale).values<float>()[0];
  const std::int32_t zero_point = codes_of(constant(y.zero_point))[0];
  const DType dtype = constant(y.zero_point).dtype();
  const CodeRange all = code_range({.dtype = dtype});
  CodeRange kept = all;
  if (tail.op_type == "Relu") {
    kept.min = zero_point;
  } else {
    for (std::size_t i = 1; i < tail.inputs.size(); ++i) {
      if (tail.inputs[i] == kNoValue) continue;
      const Tensor& bound = constant(tail.inputs[i]);
      if (!bound || bound.dtype() != DType::f32 || bound.size() != 1) return std::nullopt;
      (i == 1 ? kept.min : kept.max) = quantize_value<float>(bound.values<float>()[0], scale, zero_point, all);
    }
  }
  const auto scalar = [&](std::int32_t code) { return tensor_of_codes(dtype, {}, std::array{code}); };
  return CodeLimits{.needed = kept != all, .low = scalar(kept.min), .high = scalar(kept.max)};
}

std::optional<Tensor> QdqPattern::product(ValueId a, ValueId b) const {
  if (constant(a).size() != 1) return std::nullopt;
  const float left = constant(a).values<float>()[0];
  const auto right = constant(b).values<float>();
  Tensor result = Tensor::allocate(DType::f32, constant(b).shape());
  std::transform(right.begin(), right.end(), result.mutable_values<float>().begin(), [&](float s) { return left * s; });
  return result;
}

std::optional<ValueId> QdqPattern::integer_bias(ValueId value, const Codes& x, const Codes& w) const {
  const auto bias = dequantized(value);
  const auto implied = product(x.scale, w.scale);
  if (!bias || !implied || constant(bias->zero_point).dtype() != DType::i32) return std::nullopt;
  const auto actual = constant(bias->scale).values<float>();
  const auto expected = implied->values<float>();
  const bool fits = std::equal(actual.begin(), actual.end(), expected.begin(), expected.end());
  return fits ? std::optional(bias->codes) : std::nullopt;
}

bool QdqPattern::same_grid(const Codes& a, const Codes& b) const {
  const auto same = [&](ValueId left, ValueId right) {
    const Tensor& l = constant(left);
    const Tensor& r = constant(right);
    return left == right || (l.dtype() == r.dtype() && l.shape() == r.shape() &&
                             std::equal(l.data<std::byte>(), l.data<std::byte>() + l.bytes(), r.data<std::byte>()));
  };
  return same(a.scale, b.scale) && same(a.zero_point, b.zero_point);
}

bool QdqPattern::is_per_tensor(const Codes& codes) const { return constant(codes.scale).rank() == 0; }

}  // namespace zeropoint
