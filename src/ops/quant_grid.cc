#include "ops/quant_grid.h"

#include <algorithm>

#include "ops/arguments.h"
#include "ops/wide.h"

namespace zeropoint {

QuantGrid::QuantGrid(const OpSite& site) {
  const Shape& x = site.input(0).shape;
  const Shape& scale = site.input(1).shape;
  const std::int64_t block_size = site.node.get_int("block_size", 0);
  scales_ = element_count(scale);
  if (block_size < 0) site.invalid("block_size = {}; it must not be negative", block_size);
  if (block_size == 0 && scales_ == 1) {
    cols_ = element_count(x);
    return;
  }
  const auto axis =
      static_cast<std::size_t>(positive_axis(site, site.node.get_int("axis", 1), static_cast<std::int64_t>(x.size())));
  const std::int64_t outer = count_between(x, 0, axis);
  const std::int64_t inner = count_between(x, axis + 1, x.size());
  axis_ = x[axis];

  if (block_size == 0) {
    if (scale.size() != 1 || scale[0] != axis_) {
      site.invalid("scale has shape {}; one value, or {} along axis {} are expected", to_string(scale), axis_, axis);
    }
    if (inner == 1) {
      rows_ = outer;
      cols_ = axis_;
      scale_step_ = 1;
      axis_ = 1;
    } else {
      rows_ = outer * axis_;
      cols_ = inner;
    }
    return;
  }

  Shape expected = x;
  expected[axis] = (axis_ + block_size - 1) / block_size;
  if (scale != expected) {
    site.invalid("scale has shape {}; blocks of {} along axis {} need {}", to_string(scale), block_size, axis,
                 to_string(expected));
  }
  is_blocked_ = true;
  block_size_ = block_size;
  blocks_ = expected[axis];
  scale_cols_ = inner;
  if (inner == 1) {
    blocks_in_row_ = true;
    rows_ = outer * blocks_;
    cols_ = block_size;
    if (rows_ == 1) cols_ = axis_;  // one short block
  } else {
    rows_ = outer * axis_;
    cols_ = inner;
    scale_step_ = 1;
  }
}

QuantGrid::Row QuantGrid::row(std::int64_t index) const {
  if (blocks_in_row_) {
    const std::int64_t begin = index % blocks_ * block_size_;
    return {index / blocks_ * axis_ + begin, std::min(block_size_, axis_ - begin), index, 0};
  }
  const std::int64_t along = index % axis_;
  if (is_blocked_) {
    const std::int64_t block = index / axis_ * blocks_ + along / block_size_;
    return {index * cols_, cols_, block * scale_cols_, scale_step_};
  }
  return {index * cols_, cols_, scale_step_ == 1 ? 0 : along, scale_step_};
}

QuantGridValues::QuantGridValues(const OpSite& site, const QuantGrid& grid)
    : is_constant_(site.input(1).constant && (!site.has(2) || site.input(2).constant)), count_(grid.scales()) {
  if (site.has(2) && element_count(site.input(2).shape) != count_) {
    site.invalid("zero point has shape {}, but scale has {}", to_string(site.input(2).shape),
                 to_string(site.input(1).shape));
  }
  if (!is_constant_) return;
  constant_scale_ = site.input(1).constant;
  read(constant_scale_, site.has(2) ? &site.input(2).constant : nullptr);
}

void QuantGridValues::prepare(const KernelIo& io) {
  if (!is_constant_) read(io.in(1), io.has(2) ? &io.in(2) : nullptr);
}

void QuantGridValues::read(const Tensor& scale, const Tensor* zero_point) {
  if (scale.dtype() == DType::f32) {
    scales_ = scale.data<float>();
  } else {
    converted_.resize(static_cast<std::size_t>(count_));
    load_wide(scale.dtype(), scale.raw(), 0, count_, converted_.data());
    scales_ = converted_.data();
  }
  zero_points_.assign(static_cast<std::size_t>(count_), 0);
  if (zero_point == nullptr || is_float(zero_point->dtype())) return;  // float codes have no zero point but 0
  WideBlock block;
  for (std::int64_t i = 0; i < count_; i += kWideBlock) {
    const std::int64_t n = std::min(kWideBlock, count_ - i);
    load_wide(zero_point->dtype(), zero_point->raw(), i, n, block.bytes);
    std::transform(block.as<std::int64_t>(), block.as<std::int64_t>() + n, zero_points_.begin() + i,
                   [](std::int64_t z) { return static_cast<std::int32_t>(z); });
  }
}

}  // namespace zeropoint
