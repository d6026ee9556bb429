#include "ops/stacking.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "kernels/movement/strided_copy.h"

namespace zeropoint {

void SliceStack::push(const Tensor& slice) {
  if (bits(slice.dtype()) < 8) {
    fail(ErrorKind::unsupported, where_, "collecting {} over iterations is not offered", name(slice.dtype()));
  }
  if (count_ == 0) {
    dtype_ = slice.dtype();
    shape_ = slice.shape();
  } else if (slice.dtype() != dtype_ || slice.shape() != shape_) {
    fail(ErrorKind::invalid_model, where_, "iteration {} gives {} of shape {}, the ones before {} of shape {}", count_,
         name(slice.dtype()), to_string(slice.shape()), name(dtype_), to_string(shape_));
  }
  try {
    const auto* begin = static_cast<const std::byte*>(slice.raw());
    bytes_.insert(bytes_.end(), begin, begin + slice.bytes());
  } catch (const std::bad_alloc&) {
    fail(ErrorKind::io, where_, "no memory for the output of {} iterations", count_ + 1);
  }
  ++count_;
}

Tensor SliceStack::stack(std::int64_t axis, bool reversed) const {
  const auto rank = static_cast<std::int64_t>(shape_.size()) + 1;
  if (axis < -rank || axis >= rank) {
    fail(ErrorKind::invalid_model, where_, "axis {} is outside [{}, {}]", axis, -rank, rank - 1);
  }
  if (axis < 0) axis += rank;
  Shape shape = shape_;
  shape.insert(shape.begin() + axis, count_);
  Tensor result = Tensor::allocate(dtype_, shape);
  if (bytes_.empty()) return result;
  // In bytes_, the new axis is the slowest one; reversed, it starts at the last slice and goes backwards.
  const std::int64_t slice_count = element_count(shape_);
  Shape strides = row_major_strides(shape_);
  strides.insert(strides.begin() + axis, reversed ? -slice_count : slice_count);
  const std::size_t slice_bytes = storage_bytes(dtype_, slice_count);
  const std::byte* first = bytes_.data() + (reversed ? static_cast<std::size_t>(count_ - 1) * slice_bytes : 0);
  const auto size = static_cast<std::size_t>(bits(dtype_)) / 8;
  StridedCopy(shape, row_major_strides(shape), strides, size).run(result.mutable_raw(), first);
  return result;
}

std::vector<ValueFacts> declared_outputs(const OpSite& site, std::string_view attribute, std::size_t first,
                                         std::size_t count) {
  const std::shared_ptr<Graph> graph = site.node.get_graph(attribute);
  if (graph == nullptr) site.invalid("the attribute {} holds no graph", attribute);
  if (graph->outputs.size() != first + count) {
    site.invalid("the graph {} has {} outputs; {} are expected", attribute, graph->outputs.size(), first + count);
  }
  std::vector<ValueFacts> outputs;
  for (std::size_t i = first; i < first + count; ++i) {
    outputs.push_back({.dtype = graph->value(graph->outputs[i]).dtype, .shape = {}, .is_dynamic = true});
  }
  return outputs;
}

Tensor empty_stack(const Graph& graph, std::size_t output, std::int64_t axis, const std::string& where) {
  const Value& value = graph.value(graph.outputs[output]);
  if (value.dtype == DType::undefined) {
    fail(ErrorKind::unsupported, where, "no iteration ran, and the type of output '{}' is not declared", value.name);
  }
  Shape shape;
  for (const Dim& dim : value.shape.value_or(std::vector<Dim>())) shape.push_back(std::max<std::int64_t>(0, dim.value));
  const auto rank = static_cast<std::int64_t>(shape.size()) + 1;
  shape.insert(shape.begin() + std::clamp<std::int64_t>(axis < 0 ? axis + rank : axis, 0, rank - 1), 0);
  return Tensor::allocate(value.dtype, shape);
}

Tensor detached(const KernelIo& io, const Tensor& tensor) {
  const auto shares = [&](const Tensor* input) { return input != nullptr && input->raw() == tensor.raw(); };
  const bool is_input = std::any_of(io.inputs.begin(), io.inputs.end(), shares) ||
                        std::any_of(io.captures.begin(), io.captures.end(), shares);
  return is_input ? tensor.clone() : tensor;
}

}  // namespace zeropoint
