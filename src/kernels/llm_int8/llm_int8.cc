#include "kernels/llm_int8/llm_int8.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/llm_int8/llm_int8.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "base/parallel.h"
#include "kernels/llm_int8/strip.h"
#include "kernels/matmul_s16/matmul_s16.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void KeepColumns(const float* x, std::int64_t rows, std::int64_t step, float bound, std::int64_t columns,
                 std::uint32_t* keep) {
  for (std::int64_t r = 0; r < rows; ++r, x += step) {
    for (std::int64_t k = 0; k < columns; ++k) {
      if (!(std::abs(x[k]) < bound)) keep[k] = 0;
    }
  }
}

float QuantizeRow(const float* x, const std::uint32_t* keep, std::int64_t columns, std::int16_t* codes) {
  float absmax = 0;
  for (std::int64_t k = 0; k < columns; ++k) absmax = std::max(absmax, std::abs(kept_or_zero(x[k], keep[k])));
  const float factor = absmax > 0 ? std::min(kLargestCode / absmax, std::numeric_limits<float>::max()) : 0.0F;
  for (std::int64_t k = 0; k < columns; ++k) {
    codes[k] = static_cast<std::int16_t>(std::nearbyint(kept_or_zero(x[k], keep[k]) * factor));
  }
  return absmax;
}

void FinishStrip(const LlmInt8Strip& s) {
  for (std::int64_t r = 0; r < s.rows; ++r) {
    for (std::int64_t c = 0; c < kMatmulColumns; ++c) {
      float sum = 0;
      for (std::int64_t o = 0; o < s.outliers; ++o) sum += s.x[r * s.outliers + o] * s.w[o * kMatmulColumns + c];
      const std::int64_t i = r * kMatmulColumns + c;
      const float scaled =
          static_cast<float>(s.sums[i]) * (s.row_absmax[r] * kInverse127) * (s.absmax[c] * kInverse127);
      s.y[i] = s.bias != nullptr ? scaled + sum + s.bias[c] : scaled + sum;
    }
  }
}

#else

/// Clears keep[k] where a row is not below the bound.
void KeepColumns(const float* x, std::int64_t rows, std::int64_t step, float bound, std::int64_t columns,
                 std::uint32_t* keep) {
  const F32 f;
  const U32 u;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(f));
  const VF32 limit = hn::Set(f, bound);
  for (std::int64_t r = 0; r < rows; ++r, x += step) {
    std::int64_t k = 0;
    for (; k + lanes <= columns; k += lanes) {
      const auto is_below = hn::BitCast(u, hn::VecFromMask(f, hn::Lt(hn::Abs(hn::LoadU(f, x + k)), limit)));
      hn::StoreU(hn::And(is_below, hn::LoadU(u, keep + k)), u, keep + k);
    }
    for (; k < columns; ++k) {
      if (!(std::abs(x[k]) < bound)) keep[k] = 0;
    }
  }
}

/// The codes of the kept columns, 0 elsewhere, and their largest magnitude.
float QuantizeRow(const float* x, const std::uint32_t* keep, std::int64_t columns, std::int16_t* codes) {
  const F32 f;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(f));
  const auto load = [&](std::int64_t k)
                        HWY_ATTR { return hn::And(hn::LoadU(f, x + k), hn::BitCast(f, hn::LoadU(U32(), keep + k))); };
  const std::int64_t whole = columns / lanes * lanes;
  VF32 largest = hn::Zero(f);
  for (std::int64_t k = 0; k < whole; k += lanes) largest = hn::Max(largest, hn::Abs(load(k)));
  float absmax = hn::GetLane(hn::MaxOfLanes(f, largest));
  for (std::int64_t k = whole; k < columns; ++k) absmax = std::max(absmax, std::abs(kept_or_zero(x[k], keep[k])));

  const float factor = absmax > 0 ? std::min(kLargestCode / absmax, std::numeric_limits<float>::max()) : 0.0F;
  const VF32 factors = hn::Set(f, factor);
  const hn::Half<I16> half;
  for (std::int64_t k = 0; k < whole; k += lanes) {
    hn::StoreU(hn::DemoteTo(half, RoundToInt(hn::Mul(load(k), factors))), half, codes + k);
  }
  for (std::int64_t k = whole; k < columns; ++k) {
    codes[k] = static_cast<std::int16_t>(std::nearbyint(kept_or_zero(x[k], keep[k]) * factor));
  }
  return absmax;
}

/// kRows rows of one vector of columns.
template <int kRows>
HWY_INLINE void finish_rows(const LlmInt8Strip& s, std::int64_t row, std::int64_t column) {
  const F32 f;
  const float* x = s.x + row * s.outliers;
  VF32 sum[kRows];
  for (int r = 0; r < kRows; ++r) sum[r] = hn::Zero(f);
  for (std::int64_t o = 0; o < s.outliers; ++o) {
    const VF32 w = hn::LoadU(f, s.w + o * kMatmulColumns + column);
    for (int r = 0; r < kRows; ++r) sum[r] = hn::Add(sum[r], hn::Mul(hn::Set(f, x[r * s.outliers + o]), w));
  }
  const VF32 scale = hn::Mul(hn::LoadU(f, s.absmax + column), hn::Set(f, kInverse127));
  for (int r = 0; r < kRows; ++r) {
    const std::int64_t i = (row + r) * kMatmulColumns + column;
    const VF32 integer = hn::ConvertTo(f, hn::LoadU(I32(), s.sums + i));
    const VF32 scaled = hn::Mul(hn::Mul(integer, hn::Set(f, s.row_absmax[row + r] * kInverse127)), scale);
    VF32 y = hn::Add(scaled, sum[r]);
    if (s.bias != nullptr) y = hn::Add(y, hn::LoadU(f, s.bias + column));
    hn::StoreU(y, f, s.y + i);
  }
}

void FinishStrip(const LlmInt8Strip& s) {
  constexpr int kRows = 4;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(F32()));
  for (std::int64_t column = 0; column < kMatmulColumns; column += lanes) {
    std::int64_t row = 0;
    for (; row + kRows <= s.rows; row += kRows) finish_rows<kRows>(s, row, column);
    for (; row < s.rows; ++row) finish_rows<1>(s, row, column);
  }
}

#endif

}  // namespace
}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {

HWY_EXPORT(KeepColumns);
HWY_EXPORT(QuantizeRow);
HWY_EXPORT(FinishStrip);

constexpr std::int64_t kRowsPerChunk = 64;
constexpr std::int64_t kGrain = 16 * 1024;  // floats per piece of cheap work

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
std::int64_t pairs_of(std::int64_t k) { return divide_up(k, 2); }
std::int64_t strip_size(std::int64_t k) { return pairs_of(k) * kMatmulColumns * 2; }

/// Where the code of (n, k) is inside its strip.
std::int64_t place_in_strip(std::int64_t n, std::int64_t k) {
  return ((k / 2) * kMatmulColumns + n % kMatmulColumns) * 2 + k % 2;
}

void find_outliers(const LlmInt8Product& p, LlmInt8Workspace& work) {
  const float bound = p.threshold > 0 ? p.threshold : std::numeric_limits<float>::infinity();
  work.keep.assign(static_cast<std::size_t>(p.k), ~std::uint32_t{0});
  parallel_ranges(p.k, std::max<std::int64_t>(16, kGrain / std::max<std::int64_t>(p.m, 1)),
                  [&](std::int64_t begin, std::int64_t end) {
                    HWY_DYNAMIC_DISPATCH(KeepColumns)
                    (p.x + begin, p.m, p.k, bound, end - begin, work.keep.data() + begin);
                  });
  work.outliers.clear();
  for (std::int64_t k = 0; k < p.k; ++k) {
    if (work.keep[static_cast<std::size_t>(k)] == 0) work.outliers.push_back(k);
  }
}

/// Codes of the regular columns, floats of the outliers.
void split_rows(const LlmInt8Product& p, LlmInt8Workspace& work) {
  const std::int64_t padded = 2 * pairs_of(p.k);
  const std::int64_t outliers = std::ssize(work.outliers);
  work.codes.resize(static_cast<std::size_t>(p.m * padded));
  work.absmax.resize(static_cast<std::size_t>(p.m));
  work.outlier_x.resize(static_cast<std::size_t>(p.m * outliers));
  parallel_ranges(p.m, std::max<std::int64_t>(1, kGrain / (p.k + 1)), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t m = begin; m < end; ++m) {
      const float* x = p.x + m * p.k;
      std::int16_t* codes = work.codes.data() + m * padded;
      work.absmax[static_cast<std::size_t>(m)] = HWY_DYNAMIC_DISPATCH(QuantizeRow)(x, work.keep.data(), p.k, codes);
      if (padded > p.k) codes[p.k] = 0;
      float* to = work.outlier_x.data() + m * outliers;
      for (const std::int64_t k : work.outliers) *to++ = x[k];
    }
  });
}

/// Buffers of one thread's strip.
struct StripBuffers {
  std::vector<std::int32_t> sums;
  std::vector<float> weights;
  std::vector<float> y;
  float absmax[kMatmulColumns] = {};
  float bias[kMatmulColumns] = {};
};

/// Rows [begin, end) of the outputs of one strip.
void multiply_strip(const LlmInt8Product& p, const LlmInt8Workspace& work, std::int64_t strip, std::int64_t begin,
                    std::int64_t end) {
  const std::int64_t first = strip * kMatmulColumns;
  const std::int64_t columns = std::min(kMatmulColumns, p.n - first);
  const std::int64_t rows = end - begin;
  const std::int64_t outliers = std::ssize(work.outliers);
  const std::int16_t* weights = p.weights + strip * strip_size(p.k);
  StripBuffers buffers;
  buffers.sums.resize(static_cast<std::size_t>(rows * kMatmulColumns));
  buffers.y.resize(buffers.sums.size());
  buffers.weights.resize(static_cast<std::size_t>(outliers * kMatmulColumns));
  std::copy_n(p.absmax + first, columns, buffers.absmax);
  if (p.bias != nullptr) std::copy_n(p.bias + first, columns, buffers.bias);
  float* w = buffers.weights.data();
  for (const std::int64_t k : work.outliers) {
    for (std::int64_t c = 0; c < kMatmulColumns; ++c) {
      *w++ = static_cast<float>(weights[place_in_strip(c, k)]) * buffers.absmax[c] * kInverse127;
    }
  }
  const std::int64_t pairs = pairs_of(p.k);
  matmul_s16_s32(work.codes.data() + begin * 2 * pairs, rows, pairs, weights, kMatmulColumns, buffers.sums.data(),
                 kMatmulColumns);
  HWY_DYNAMIC_DISPATCH(FinishStrip)
  ({.sums = buffers.sums.data(),
    .row_absmax = work.absmax.data() + begin,
    .x = work.outlier_x.data() + begin * outliers,
    .w = buffers.weights.data(),
    .absmax = buffers.absmax,
    .bias = p.bias != nullptr ? buffers.bias : nullptr,
    .rows = rows,
    .outliers = outliers,
    .y = buffers.y.data()});
  for (std::int64_t r = 0; r < rows; ++r) {
    std::copy_n(buffers.y.data() + r * kMatmulColumns, columns, p.y + (begin + r) * p.n + first);
  }
}

}  // namespace

std::int64_t packed_llm_int8_size(std::int64_t n, std::int64_t k) {
  return divide_up(n, kMatmulColumns) * strip_size(k);
}

void pack_llm_int8(const std::int8_t* codes, std::int64_t n, std::int64_t k, std::int16_t* packed) {
  parallel_chunks(divide_up(n, kMatmulColumns), [&](std::int64_t strip) {
    std::int16_t* to = packed + strip * strip_size(k);
    std::fill_n(to, strip_size(k), std::int16_t{0});
    const std::int64_t end = std::min(n, (strip + 1) * kMatmulColumns);
    for (std::int64_t row = strip * kMatmulColumns; row < end; ++row) {
      for (std::int64_t column = 0; column < k; ++column) to[place_in_strip(row, column)] = codes[row * k + column];
    }
  });
}

void llm_int8_product(const LlmInt8Product& p, LlmInt8Workspace& work) {
  find_outliers(p, work);
  split_rows(p, work);
  const std::int64_t strips = divide_up(p.n, kMatmulColumns);
  parallel_chunks(strips * divide_up(p.m, kRowsPerChunk), [&](std::int64_t chunk) {
    const std::int64_t begin = chunk / strips * kRowsPerChunk;
    multiply_strip(p, work, chunk % strips, begin, std::min(p.m, begin + kRowsPerChunk));
  });
}

}  // namespace zeropoint
#endif
