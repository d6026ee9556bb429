// Squeeze and Unsqueeze: dimensions of 1 go and come.
#include <algorithm>
#include <utility>

#include "ops/arguments.h"
#include "ops/move.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer_squeeze(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (is_pending(site, 1)) return late(x.dtype);
  const auto rank = static_cast<std::int64_t>(x.shape.size());
  auto axes = integer_list(site, "axes", 1);
  if (axes) axes = positive_axes(site, std::move(*axes), rank);
  Shape shape;
  for (std::int64_t i = 0; i < rank; ++i) {
    const std::int64_t dim = x.shape[static_cast<std::size_t>(i)];
    const bool goes = axes ? std::count(axes->begin(), axes->end(), i) > 0 : dim == 1;
    if (goes && dim != 1) site.invalid("axis {} of {} is not 1", i, to_string(x.shape));
    if (!goes) shape.push_back(dim);
  }
  return {{.dtype = x.dtype, .shape = std::move(shape)}};
}

std::vector<ValueFacts> infer_unsqueeze(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (is_pending(site, 1)) return late(x.dtype);
  auto axes = integer_list(site, "axes", 1);
  if (!axes) site.invalid("no axes are given");
  const auto rank = static_cast<std::int64_t>(x.shape.size() + axes->size());
  axes = positive_axes(site, std::move(*axes), rank);
  Shape shape;
  auto next = x.shape.begin();
  for (std::int64_t i = 0; i < rank; ++i) {
    shape.push_back(std::count(axes->begin(), axes->end(), i) > 0 ? 1 : *next++);
  }
  return {{.dtype = x.dtype, .shape = std::move(shape)}};
}

constexpr OpSpec kOps[] = {
    {.op_type = "Squeeze", .infer = infer_squeeze, .make = make_copy, .is_view = true, .float_types = kAnyType},
    {.op_type = "Unsqueeze", .infer = infer_unsqueeze, .make = make_copy, .is_view = true, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_squeeze() { return kOps; }

}  // namespace zeropoint
