// What loops share: slices collected over the iterations and stacked along a new axis, and results
// that outlive the run they come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ops/op.h"

namespace zeropoint {

/// Collects tensors of one type and shape.
class SliceStack {
 public:
  /// `where` names the node in errors.
  explicit SliceStack(std::string where) : where_(std::move(where)) {}

  /// Throws invalid_model when type or shape differ from the slices before, or memory runs out.
  void push(const Tensor& slice);

  bool is_empty() const { return count_ == 0; }
  DType dtype() const { return dtype_; }
  const Shape& slice_shape() const { return shape_; }

  /// All slices along `axis` of the result (negative: from the end), the last one first when `reversed`.
  /// Needs at least one slice.
  Tensor stack(std::int64_t axis, bool reversed) const;

 private:
  std::string where_;
  DType dtype_ = DType::undefined;
  Shape shape_;  // of one slice
  std::int64_t count_ = 0;
  std::vector<std::byte> bytes_;
};

/// The outputs [first, first + count) of the graph in `attribute`, all dynamic, with the types that they declare.
std::vector<ValueFacts> declared_outputs(const OpSite& site, std::string_view attribute, std::size_t first,
                                         std::size_t count);

/// The tensor of no slices that output `output` of the graph would stack to: unknown dimensions are 0.
Tensor empty_stack(const Graph& graph, std::size_t output, std::int64_t axis, const std::string& where);

/// `tensor`, or a copy when it is storage of the node's inputs, which the plan will use again.
Tensor detached(const KernelIo& io, const Tensor& tensor);

}  // namespace zeropoint
