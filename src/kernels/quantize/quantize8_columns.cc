// float32 to 8-bit codes, every column of a row-major matrix on its own grid.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantize/quantize8_columns.cc"
#include "hwy/foreach_target.h"
#include "kernels/quantize/quantize8-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

template <class Code>
bool quantize_columns(const float* x, std::int64_t rows, const GridSpan& grids, Code* q) {
  return reference::quantize_columns_f32(x, rows, grids, q);
}

#else

constexpr std::int64_t kTile = 1024;  // columns whose grids stay in the first-level cache
constexpr std::int64_t kRows = 4;     // rows that share one load of them

/// The dividers of a tile's columns.
struct Tile {
  const float* scale = nullptr;
  HWY_ALIGN float hi[kTile];
  HWY_ALIGN float lo[kTile];
  HWY_ALIGN std::int16_t zero_point[kTile] = {};  // pairs of vectors in the order of NarrowToI16
  HWY_ALIGN std::int32_t inexact[kTile];  // columns that must divide where all others multiply: few, computed again
  std::int64_t inexact_count = 0;
  std::int64_t width = 0;
  bool can_multiply = false;

  void prepare(const GridSpan& grids) {
    scale = grids.scales;
    width = grids.count;
    inexact_count = PrepareDividers(scale, width, hi, lo, inexact);
    can_multiply = inexact_count <= 1 + width / 64 && HWY_NATIVE_FMA != 0;
    if (!can_multiply) inexact_count = 0;
    for (std::int64_t i = 0; i < width; i += kPair) {
      HWY_ALIGN std::int32_t pair[kPair] = {};
      const std::int32_t* from = grids.zero_points + i;
      if (HWY_UNLIKELY(width - i < kPair)) from = std::copy_n(from, width - i, pair) - (width - i);
      const VI16 words = NarrowToI16(hn::LoadU(I32(), from), hn::LoadU(I32(), from + kLanes));
      hn::Store(words, I16(), zero_point + i);
    }
  }

  template <Way kWay>
  HWY_INLINE Divisor<kWay> divisor(std::int64_t column) const {
    const F32 f;
    if constexpr (multiplies(kWay)) return {hn::Load(f, hi + column), hn::Load(f, lo + column)};
    return {LoadOr(scale + column, width - column, 1.0F), hn::Zero(f)};
  }
  HWY_INLINE VI16 zero_points(std::int64_t column) const { return hn::Load(I16(), zero_point + column); }
};

/// One quad of columns down a few rows.
template <Way kWay, class Code>
HWY_INLINE void quad(const float* x, std::int64_t rows, std::int64_t stride, const Tile& tile, std::int64_t column,
                     Codes8<Code, kWay>& shared, Code* q) {
  const hn::ScalableTag<Code> d8;
  Codes8<Code, kWay> codes = shared;  // a local copy stays in registers: bytes written through q may alias anything
  const Divisor<kWay> by0 = tile.divisor<kWay>(column);
  const Divisor<kWay> by1 = tile.divisor<kWay>(column + kLanes);
  const Divisor<kWay> by2 = tile.divisor<kWay>(column + 2 * kLanes);
  const Divisor<kWay> by3 = tile.divisor<kWay>(column + 3 * kLanes);
  const VI16 z0 = tile.zero_points(column);
  const VI16 z1 = tile.zero_points(column + kPair);
  const auto four = [&](const FourVectors& v) HWY_ATTR {
    const VI16 ab = codes.two(v.a, by0, v.b, by1);
    return codes.finish(ab, codes.two(v.c, by2, v.d, by3), z0, z1);
  };
  const std::int64_t width = tile.width - column;
  if (HWY_LIKELY(width >= kQuad)) {
    for (std::int64_t row = 0; row < rows; ++row) hn::StoreU(four(LoadFour(x + row * stride)), d8, q + row * stride);
  } else {
    for (std::int64_t row = 0; row < rows; ++row) {
      StoreUpTo(four(LoadUpTo(x + row * stride, width)), d8, q + row * stride, width);
    }
  }
  shared = codes;
}

template <Way kWay, class Code>
bool quantize_tile(const float* x, std::int64_t rows, std::int64_t stride, const Tile& tile, CodeRange range, Code* q) {
  Codes8<Code, kWay> codes(range);
  for (std::int64_t row = 0; row < rows; row += kRows) {
    const std::int64_t at = row * stride;
    for (std::int64_t column = 0; column < tile.width; column += kQuad) {
      quad<kWay>(x + at + column, std::min(kRows, rows - row), stride, tile, column, codes, q + at + column);
    }
  }
  if constexpr (kWay == Way::careful) return !codes.saw_non_finite();
  return !codes.is_suspicious() || quantize_tile<Way::careful>(x, rows, stride, tile, range, q);
}

template <class Code>
bool quantize_columns(const float* x, std::int64_t rows, const GridSpan& grids, Code* q) {
  const std::int64_t stride = grids.count;
  bool all_finite = true;
  Tile tile;
  for (std::int64_t first = 0; first < grids.count; first += kTile) {
    const GridSpan some = grids.from(first, std::min(kTile, grids.count - first));
    tile.prepare(some);
    const bool finite = with_fast_way<Code>(tile.can_multiply, grids.codes, [&](auto way) {
      return quantize_tile<way()>(x + first, rows, stride, tile, grids.codes, q + first);
    });
    all_finite = all_finite && finite;
    for (std::int64_t k = 0; k < tile.inexact_count; ++k) {
      const std::int64_t i = tile.inexact[k];
      for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t at = row * stride + first + i;
        reference::quantize_f32(x + at, 1, some[i], q + at);
      }
    }
  }
  return all_finite;
}

#endif

bool columns_u8(const float* x, std::int64_t rows, const GridSpan& grids, std::uint8_t* q) {
  return quantize_columns(x, rows, grids, q);
}
bool columns_i8(const float* x, std::int64_t rows, const GridSpan& grids, std::int8_t* q) {
  return quantize_columns(x, rows, grids, q);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(columns_u8);
HWY_EXPORT(columns_i8);
}  // namespace

bool quantize_columns_f32_u8(const float* x, std::int64_t rows, const GridSpan& grids, std::uint8_t* q) {
  return HWY_DYNAMIC_DISPATCH(columns_u8)(x, rows, grids, q);
}
bool quantize_columns_f32_i8(const float* x, std::int64_t rows, const GridSpan& grids, std::int8_t* q) {
  return HWY_DYNAMIC_DISPATCH(columns_i8)(x, rows, grids, q);
}

}  // namespace zeropoint
#endif
