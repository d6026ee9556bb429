// Expand and Tile: the input is repeated.
#include <utility>

#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer_expand(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (is_pending(site, 1)) return late(x.dtype);
  const Shape wanted = integers(site, site.constant(1, "shape"), "shape");
  return {planned(site, x.dtype, broadcast_shape(site, x.shape, wanted))};
}

std::unique_ptr<Kernel> make_expand(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  const Shape to = infer_expand(site)[0].shape;
  const Shape strides = row_major_strides(x.shape);
  Shape from_strides(to.size(), 0);  // 0: the same element again
  const std::size_t added = to.size() - x.shape.size();
  for (std::size_t i = 0; i < x.shape.size(); ++i) {
    if (x.shape[i] != 1) from_strides[added + i] = strides[i];
  }
  return make_moves({{.copy = StridedCopy(to, row_major_strides(to), from_strides, element_bytes(site, x.dtype))}});
}

/// How often the input is repeated along each axis.
Shape repeats(const OpSite& site) {
  const std::size_t rank = site.input(0).shape.size();
  if (site.opset < 6) {  // one axis and its count
    Shape counts(rank, 1);
    const std::int64_t axis = positive_axis(site, single_integer(site, 2, "axis"), static_cast<std::int64_t>(rank));
    counts[static_cast<std::size_t>(axis)] = single_integer(site, 1, "tiles");
    return counts;
  }
  Shape counts = integers(site, site.constant(1, "repeats"), "repeats");
  if (counts.size() != rank) site.invalid("{} repeats for {} axes", counts.size(), rank);
  return counts;
}

std::vector<ValueFacts> infer_tile(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (is_pending(site, 1) || is_pending(site, 2)) return late(x.dtype);
  const Shape counts = repeats(site);
  Shape shape = x.shape;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (counts[i] < 0 || __builtin_mul_overflow(shape[i], counts[i], &shape[i])) {
      site.invalid("axis {} of {} cannot be repeated {} times", i, to_string(x.shape), counts[i]);
    }
  }
  return {planned(site, x.dtype, std::move(shape))};
}

std::unique_ptr<Kernel> make_tile(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  const Shape counts = repeats(site);
  const Shape strides = row_major_strides(x.shape);
  Shape loops;
  Shape from_strides;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    loops.insert(loops.end(), {counts[i], x.shape[i]});
    from_strides.insert(from_strides.end(), {0, strides[i]});
  }
  return make_moves(
      {{.copy = StridedCopy(loops, row_major_strides(loops), from_strides, element_bytes(site, x.dtype))}});
}

constexpr OpSpec kOps[] = {
    {.op_type = "Expand",
     .infer = infer_expand,
     .make = packed_too<infer_expand, make_expand>,
     .float_types = kAnyType},
    {.op_type = "Tile", .infer = infer_tile, .make = packed_too<infer_tile, make_tile>, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_expand() { return kOps; }

}  // namespace zeropoint
