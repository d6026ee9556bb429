#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/affine/affine.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "base/parallel.h"
#include "kernels/affine/affine.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// One row in which channels lie together.
void AffineColumns(const float* x, const float* scale, const float* offset, float* y, std::int64_t channels) {
  const hn::ScalableTag<float> f;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(f));
  std::int64_t i = 0;
  for (; i + lanes <= channels; i += lanes) {
    const auto product = hn::Mul(hn::LoadU(f, x + i), hn::LoadU(f, scale + i));
    hn::StoreU(hn::Add(product, hn::LoadU(f, offset + i)), f, y + i);
  }
  for (; i < channels; ++i) y[i] = x[i] * scale[i] + offset[i];
}

/// One row that belongs to one channel.
void AffineRow(const float* x, float scale, float offset, float* y, std::int64_t columns) {
  const hn::ScalableTag<float> f;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(f));
  const auto s = hn::Set(f, scale);
  const auto o = hn::Set(f, offset);
  std::int64_t i = 0;
  for (; i + lanes <= columns; i += lanes) hn::StoreU(hn::Add(hn::Mul(hn::LoadU(f, x + i), s), o), f, y + i);
  for (; i < columns; ++i) y[i] = x[i] * scale + offset;
}

}  // namespace
}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {

HWY_EXPORT(AffineColumns);
HWY_EXPORT(AffineRow);

constexpr std::int64_t kChunkElements = 32768;

std::int64_t rows_per_chunk(std::int64_t row_elements) { return 1 + kChunkElements / (row_elements + 1); }

}  // namespace

void affine_columns_f32(const float* x, const float* scale, const float* offset, float* y, std::int64_t rows,
                        std::int64_t channels) {
  parallel_ranges(rows, rows_per_chunk(channels), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      HWY_DYNAMIC_DISPATCH(AffineColumns)(x + r * channels, scale, offset, y + r * channels, channels);
    }
  });
}

void affine_rows_f32(const float* x, const float* scale, const float* offset, float* y, std::int64_t rows,
                     std::int64_t channels, std::int64_t columns) {
  parallel_ranges(rows, rows_per_chunk(columns), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      HWY_DYNAMIC_DISPATCH(AffineRow)
      (x + r * columns, scale[r % channels], offset[r % channels], y + r * columns, columns);
    }
  });
}

}  // namespace zeropoint
#endif
