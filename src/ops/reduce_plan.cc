#include "ops/reduce_plan.h"

#include <algorithm>

namespace zeropoint {
namespace {

struct Dim {
  std::int64_t size;
  std::int64_t stride;
  bool is_reduced;
};

/// Dimensions without those of size 1, neighbours of one kind merged.
std::vector<Dim> merged(const Shape& shape, const std::vector<bool>& is_reduced) {
  std::vector<Dim> dims;  // innermost first
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] == 1) continue;
    if (!dims.empty() && dims.back().is_reduced == is_reduced[i]) {
      dims.back().size *= shape[i];
    } else {
      dims.push_back({shape[i], stride, is_reduced[i]});
    }
    stride *= shape[i];
  }
  std::reverse(dims.begin(), dims.end());
  return dims;
}

std::vector<std::int64_t> all_offsets(const std::vector<ReducePlan::Loop>& loops) {
  std::vector<std::int64_t> offsets = {0};
  for (const ReducePlan::Loop& loop : loops) {
    std::vector<std::int64_t> next;
    next.reserve(offsets.size() * static_cast<std::size_t>(loop.size));
    for (const std::int64_t offset : offsets) {
      for (std::int64_t i = 0; i < loop.size; ++i) next.push_back(offset + i * loop.stride);
    }
    offsets = std::move(next);
  }
  return offsets;
}

}  // namespace

std::int64_t ReducePlan::start_of(std::int64_t output) const {
  std::int64_t start = 0;
  for (std::size_t i = kept.size(); i-- > 0; output /= kept[i].size) start += output % kept[i].size * kept[i].stride;
  return start;
}

ReducePlan plan_reduction(const Shape& shape, const std::vector<bool>& is_reduced) {
  ReducePlan plan;
  std::vector<ReducePlan::Loop> reduced;
  for (const Dim& dim : merged(shape, is_reduced)) {
    (dim.is_reduced ? reduced : plan.kept).push_back({dim.size, dim.stride});
    (dim.is_reduced ? plan.inputs_per_output : plan.outputs) *= dim.size;
  }
  if (!reduced.empty()) {
    plan.inner = reduced.back();
    reduced.pop_back();
    if (plan.inner.stride > 1) plan.columns = plan.inner.stride;
  }
  if (plan.inputs_per_output != 0) plan.offsets = all_offsets(reduced);
  return plan;
}

}  // namespace zeropoint
