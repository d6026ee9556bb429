// Finds the codes around a float operator: the DequantizeLinear that it reads, the QuantizeLinear
// that reads it, and whether their grids fit together.
#pragma once

#include <optional>
#include <vector>

#include "graph/graph.h"

namespace zeropoint {

/// A tensor as codes: what DequantizeLinear reads or QuantizeLinear writes.
struct Codes {
  ValueId codes = kNoValue;
  ValueId scale = kNoValue;
  ValueId zero_point = kNoValue;
  std::vector<int> nodes;  // from the operator's result to the codes: Relu or Clip, then QuantizeLinear
};

/// The codes that a Relu or Clip keeps, as scalars of the codes' type.
struct CodeLimits {
  bool needed = false;  // false: all codes of the type
  Tensor low;
  Tensor high;
};

/// Reads a graph as it was when the object was made. Scales and zero points are constants, scales float32.
class QdqPattern {
 public:
  explicit QdqPattern(const Graph& graph) : graph_(graph), uses_(graph) {}

  /// The codes that `value` is dequantized from.
  std::optional<Codes> dequantized(ValueId value) const;

  /// The codes that `value` is quantized to, when nothing else reads it. `through_tail`: a Relu or Clip may be between.
  std::optional<Codes> quantized(ValueId value, bool through_tail) const;

  /// What a Relu or Clip before `y` means for its codes: quantize() is monotone, so
  /// quantize(clip(x, lo, hi)) == clip(quantize(x), quantize(lo), quantize(hi)).
  std::optional<CodeLimits> code_limits(const Node& tail, const Codes& y) const;

  /// S_a S_b as float32, where `a` is one number.
  std::optional<Tensor> product(ValueId a, ValueId b) const;

  /// The codes of an int32 bias whose scale is S_x S_w, which operators on codes imply.
  std::optional<ValueId> integer_bias(ValueId value, const Codes& x, const Codes& w) const;

  bool same_grid(const Codes& a, const Codes& b) const;
  bool is_per_tensor(const Codes& codes) const;

 private:
  const Node& node(int n) const { return graph_.nodes[static_cast<std::size_t>(n)]; }
  const Tensor& constant(ValueId value) const { return graph_.value(value).constant; }
  bool has_grid(const Node& node) const;

  const Graph& graph_;
  const Uses uses_;
};

}  // namespace zeropoint
