// float32 to 8-bit codes, every column of a row-major matrix on its own grid.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantize/quantize8_columns.cc"
#include "hwy/foreach_target.h"
#include "kernels/quantize/quantize8-inl.h"

#include <vector>

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
  HWY_ALIGN float hi[kTile];  // or the scales, when multiplication is not exact for all of them
  HWY_ALIGN float lo[kTile];
  HWY_ALIGN std::int16_t zero_point[kTile];
  bool all_exact = HWY_NATIVE_FMA != 0;

  /// Columns that divide when all others multiply: few, computed again one by one.
  std::vector<std::int64_t> inexact;

  void prepare(const GridSpan& grids) {
    inexact.clear();
    for (std::int64_t i = 0; i < kTile; ++i) {
      const std::int64_t at = std::min(i, grids.count - 1);
      hi[i] = grids.scales[at];
      zero_point[i] = static_cast<std::int16_t>(grids.zero_points[at]);
    }
    for (std::int64_t i = 0; i < grids.count; ++i) {
      if (!is_exact_divisor(hi[i], kTieBits8)) inexact.push_back(i);
    }
    const std::int64_t few = 1 + grids.count / 64;
    all_exact = HWY_NATIVE_FMA != 0 && static_cast<std::int64_t>(inexact.size()) <= few;
    if (!all_exact) return inexact.clear();
    const F32 f;
    const VF32 one = hn::Set(f, 1.0F);
    for (std::int64_t i = 0; i < kTile; i += kLanes) {
      const VF32 s = hn::Load(f, hi + i);
      const VF32 r = hn::Div(one, s);
      hn::Store(r, f, hi + i);
      hn::Store(hn::Div(hn::NegMulAdd(r, s, one), s), f, lo + i);
    }
  }

  template <bool kMultiply>
  HWY_INLINE Division<kMultiply> division(std::int64_t column) const {
    return {hn::Load(F32(), hi + column), kMultiply ? hn::Load(F32(), lo + column) : hn::Zero(F32())};
  }
  HWY_INLINE VI16 zero_points(std::int64_t column) const {
    return InterleaveOrder(hn::Load(I16(), zero_point + column));
  }
};

/// One quad of columns down a few rows.
template <bool kMultiply, class Code>
HWY_INLINE void quad(const float* x, std::int64_t rows, std::int64_t stride, const Tile& tile, std::int64_t column,
                     std::int64_t width, Codes8<Code>& codes, Code* q) {
  const Division<kMultiply> by0 = tile.division<kMultiply>(column);
  const Division<kMultiply> by1 = tile.division<kMultiply>(column + kLanes);
  const Division<kMultiply> by2 = tile.division<kMultiply>(column + 2 * kLanes);
  const Division<kMultiply> by3 = tile.division<kMultiply>(column + 3 * kLanes);
  const VI16 z0 = tile.zero_points(column);
  const VI16 z1 = tile.zero_points(column + kPair);
  const auto four = [&](const float* from, Code* to) HWY_ATTR {
    const VF32 a = codes.load(from);
    const VF32 b = codes.load(from + kLanes);
    const VF32 c = codes.load(from + 2 * kLanes);
    const VF32 d = codes.load(from + 3 * kLanes);
    hn::StoreU(codes.finish(StepsOfTwo(a, by0, b, by1), StepsOfTwo(c, by2, d, by3), z0, z1), hn::ScalableTag<Code>(),
               to);
  };
  if (HWY_LIKELY(width == kQuad)) {
    for (std::int64_t row = 0; row < rows; ++row) four(x + row * stride, q + row * stride);
    return;
  }
  HWY_ALIGN float in[kQuad] = {};
  HWY_ALIGN Code out[kQuad];
  for (std::int64_t row = 0; row < rows; ++row) {
    std::memcpy(in, x + row * stride, static_cast<std::size_t>(width) * sizeof(float));
    four(in, out);
    std::memcpy(q + row * stride, out, static_cast<std::size_t>(width));
  }
}

template <bool kMultiply, class Code>
void quantize_tile(const float* x, std::int64_t rows, std::int64_t stride, const Tile& tile, std::int64_t width,
                   Codes8<Code>& codes, Code* q) {
  for (std::int64_t row = 0; row < rows; row += kRows) {
    const std::int64_t some = std::min(kRows, rows - row);
    for (std::int64_t column = 0; column < width; column += kQuad) {
      quad<kMultiply>(x + row * stride + column, some, stride, tile, column, std::min(kQuad, width - column), codes,
                      q + row * stride + column);
    }
  }
}

template <class Code>
bool quantize_columns(const float* x, std::int64_t rows, const GridSpan& grids, Code* q) {
  const std::int64_t stride = grids.count;
  bool all_finite = true;
  Tile tile;
  for (std::int64_t first = 0; first < grids.count; first += kTile) {
    const GridSpan some = grids.from(first, std::min(kTile, grids.count - first));
    tile.prepare(some);
    Codes8<Code> codes(grids.codes);
    if (tile.all_exact) {
      quantize_tile<true>(x + first, rows, stride, tile, some.count, codes, q + first);
    } else {
      quantize_tile<false>(x + first, rows, stride, tile, some.count, codes, q + first);
    }
    const bool finite = !codes.saw_non_finite();
    all_finite = all_finite && finite;
    for (std::int64_t row = 0; row < rows; ++row) {
      const float* from = x + row * stride + first;
      Code* to = q + row * stride + first;
      if (HWY_UNLIKELY(!finite)) reference::quantize_runs_f32(from, 1, some, to);
      for (const std::int64_t i : tile.inexact) reference::quantize_f32(from + i, 1, some[i], to + i);
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
