#include <algorithm>
#include <numeric>

#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

struct Window {
  Shape shape;  // of the output
  Shape first;  // index of its first element in the input, per axis
  Shape steps;  // may be negative
};

/// start, end and step along one axis of `dim` elements, clamped as Python does.
void cut(const OpSite& site, Window& window, std::size_t axis, std::int64_t start, std::int64_t end,
         std::int64_t step) {
  const std::int64_t dim = window.shape[axis];
  if (step == 0) site.invalid("the step along axis {} is 0", axis);
  const std::int64_t lowest = step > 0 ? 0 : -1;
  const std::int64_t highest = step > 0 ? dim : dim - 1;
  start = std::clamp(start < 0 ? start + dim : start, step > 0 ? 0 : std::min<std::int64_t>(0, highest), highest);
  end = std::clamp(end < 0 ? end + dim : end, lowest, step > 0 ? dim : highest);
  const std::int64_t distance = step > 0 ? end - start : start - end;
  const auto stride = step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
  window.first[axis] = start;
  window.steps[axis] = step;
  window.shape[axis] =
      distance <= 0 ? 0 : static_cast<std::int64_t>((static_cast<std::uint64_t>(distance) - 1) / stride) + 1;
}

Window window_of(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto starts = integer_list(site, "starts", 1);
  const auto ends = integer_list(site, "ends", 2);
  if (!starts || !ends || starts->size() != ends->size()) {
    site.invalid("starts and ends must be given and have the same length");
  }
  std::vector<std::int64_t> axes(starts->size());
  std::iota(axes.begin(), axes.end(), 0);
  if (const auto given = integer_list(site, "axes", 3)) axes = *given;
  if (axes.size() != starts->size()) site.invalid("{} axes for {} starts", axes.size(), starts->size());
  axes = positive_axes(site, std::move(axes), rank);
  std::vector<std::int64_t> steps(starts->size(), 1);
  if (site.has(4)) steps = integers(site, site.constant(4, "steps"), "steps");
  if (steps.size() != starts->size()) site.invalid("{} steps for {} starts", steps.size(), starts->size());

  Window window{shape, Shape(shape.size(), 0), Shape(shape.size(), 1)};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    cut(site, window, static_cast<std::size_t>(axes[i]), (*starts)[i], (*ends)[i], steps[i]);
  }
  return window;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const DType dtype = site.input(0).dtype;
  for (std::size_t i = 1; i < site.inputs.size(); ++i) {
    if (is_pending(site, i)) return late(dtype);
  }
  return {{.dtype = dtype, .shape = window_of(site).shape}};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  const Window window = window_of(site);
  if (element_count(window.shape) == 0) return make_moves({});
  const std::size_t size = element_bytes(site, x.dtype);
  Shape strides = row_major_strides(x.shape);
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < strides.size(); ++i) {
    offset += window.first[i] * strides[i];
    if (window.shape[i] > 1) strides[i] *= window.steps[i];  // a single element may come with any step
  }
  return make_moves({{.from_offset = static_cast<std::size_t>(offset) * size,
                      .copy = StridedCopy(window.shape, row_major_strides(window.shape), strides, size)}});
}

constexpr OpSpec kOps[] = {
    {.op_type = "Slice", .infer = infer, .make = packed_too<infer, make>, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_slice() { return kOps; }

}  // namespace zeropoint
