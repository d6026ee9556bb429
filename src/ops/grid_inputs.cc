#include "ops/grid_inputs.h"

#include <algorithm>

#include "ops/arguments.h"
#include "ops/wide.h"

namespace zeropoint {
namespace {

/// The scheme that the attributes and the scale's shape say, checked against the tensor's shape.
Scheme scheme_of(const OpSite& site, DType codes) {
  const Shape& x = site.input(0).shape;
  const Shape& scale = site.input(1).shape;
  const std::int64_t block_size = site.node.get_int("block_size", 0);
  if (block_size < 0) site.invalid("block_size = {}; it must not be negative", block_size);
  Scheme scheme{.dtype = codes, .block_size = block_size};
  if (block_size == 0 && element_count(scale) == 1) return scheme;
  scheme.granularity = block_size > 0 ? Granularity::blocked : Granularity::per_axis;
  scheme.axis =
      static_cast<int>(positive_axis(site, site.node.get_int("axis", 1), static_cast<std::int64_t>(x.size())));
  const Shape expected = grid_shape(x, scheme);
  if (scale == expected) return scheme;
  if (block_size > 0) {
    site.invalid("scale has shape {}; blocks of {} along axis {} need {}", to_string(scale), block_size, scheme.axis,
                 to_string(expected));
  }
  site.invalid("scale has shape {}; one value, or {} along axis {} are expected", to_string(scale), expected[0],
               scheme.axis);
}

}  // namespace

GridInputs::GridInputs(const OpSite& site, DType codes)
    : count_(element_count(site.input(1).shape)),
      is_constant_(site.input(1).constant && (!site.has(2) || site.input(2).constant)) {
  const Scheme scheme = scheme_of(site, codes);
  grids_.dtype = codes;
  grids_.layout = grid_layout(site.input(0).shape, scheme);
  grids_.format = small_float(codes);
  if (is_integer(codes)) grids_.codes = code_range(scheme);
  if (site.has(2) && element_count(site.input(2).shape) != count_) {
    site.invalid("zero point has shape {}, but scale has {}", to_string(site.input(2).shape),
                 to_string(site.input(1).shape));
  }
  if (!is_constant_) return;
  constant_scale_ = site.input(1).constant;
  read(constant_scale_, site.has(2) ? &site.input(2).constant : nullptr);
}

const Grids& GridInputs::prepare(const KernelIo& io) {
  if (!is_constant_) read(io.in(1), io.has(2) ? &io.in(2) : nullptr);
  return grids_;
}

void GridInputs::read(const Tensor& scale, const Tensor* zero_point) {
  if (scale.dtype() == DType::f32) {
    grids_.scales = scale.data<float>();
  } else {
    converted_.resize(static_cast<std::size_t>(count_));
    load_wide(scale.dtype(), scale.raw(), 0, count_, converted_.data());
    grids_.scales = converted_.data();
  }
  grids_.zero_points.assign(static_cast<std::size_t>(count_), 0);
  if (zero_point == nullptr || is_float(zero_point->dtype())) return;  // float codes have no zero point but 0
  WideBlock block;
  for (std::int64_t i = 0; i < count_; i += kWideBlock) {
    const std::int64_t n = std::min(kWideBlock, count_ - i);
    load_wide(zero_point->dtype(), zero_point->raw(), i, n, block.bytes);
    std::transform(block.as<std::int64_t>(), block.as<std::int64_t>() + n, grids_.zero_points.begin() + i,
                   [](std::int64_t z) { return static_cast<std::int32_t>(z); });
  }
}

}  // namespace zeropoint
