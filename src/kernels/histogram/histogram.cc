#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/histogram/histogram.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/histogram/histogram.h"
#include "kernels/simd-inl.h"

#ifndef ZEROPOINT_HISTOGRAM_ONCE
#define ZEROPOINT_HISTOGRAM_ONCE
namespace zeropoint {
namespace {

constexpr std::int64_t kTables = 8;    // neighbouring elements count in different tables: no store waits for the last
constexpr std::int64_t kBlock = 1024;  // elements whose bins are computed, then counted
constexpr std::int64_t kFewElements = 16384;                 // fewer are not worth clearing and adding eight tables
constexpr std::int64_t kFlushAfter = std::int64_t{1} << 31;  // keeps 32-bit counts from overflowing

/// bin[0 .. kBlock) counted in eight tables of `bins` counts each.
void count_block(const std::uint16_t* bin, std::uint32_t* tables, std::int64_t bins) {
  std::uint32_t* const t0 = tables;
  std::uint32_t* const t1 = t0 + bins;
  std::uint32_t* const t2 = t1 + bins;
  std::uint32_t* const t3 = t2 + bins;
  std::uint32_t* const t4 = t3 + bins;
  std::uint32_t* const t5 = t4 + bins;
  std::uint32_t* const t6 = t5 + bins;
  std::uint32_t* const t7 = t6 + bins;
  for (std::int64_t i = 0; i < kBlock; i += kTables) {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::memcpy(&low, bin + i, sizeof(low));
    std::memcpy(&high, bin + i + 4, sizeof(high));
    ++t0[low & 0xFFFFU];
    ++t1[(low >> 16) & 0xFFFFU];
    ++t2[(low >> 32) & 0xFFFFU];
    ++t3[low >> 48];
    ++t4[high & 0xFFFFU];
    ++t5[(high >> 16) & 0xFFFFU];
    ++t6[(high >> 32) & 0xFFFFU];
    ++t7[high >> 48];
  }
}

}  // namespace
}  // namespace zeropoint
#endif

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void histogram(const float* x, std::int64_t n, const HistogramBins& bins, std::uint64_t* counts) {
  reference::histogram_f32(x, n, bins, counts);
}

#else

/// The bins of kBlock elements, in any order.
void find_bins(const float* HWY_RESTRICT x, const HistogramBins& bins, std::uint16_t* HWY_RESTRICT bin) {
  constexpr std::int64_t kPrefetchAhead = 2048;
  const F32 f;
  const I32 i32;
  const I16 i16;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(f));
  const VF32 inverse_width = hn::Set(f, bins.inverse_width);
  const VF32 first = hn::Set(f, static_cast<float>(-bins.offset));
  const VF32 last = hn::Set(f, static_cast<float>(bins.bins - 1 - bins.offset));
  const VI32 offset = hn::Set(i32, bins.offset);
  const VF32 zero = hn::Zero(f);
  const VF32 below_zero = hn::Set(f, -1.0F);
  const auto one = [&](const float* from) HWY_ATTR {
    const VF32 value = hn::LoadU(f, from);
    VF32 at = hn::Floor(hn::Mul(value, inverse_width));
    at = hn::IfThenElse(hn::Lt(value, zero), hn::Min(at, below_zero), at);            // the product may underflow to -0
    const VF32 inside = hn::IfThenElse(hn::Ge(at, first), hn::Min(at, last), first);  // NaN: first
    return hn::Add(hn::ConvertTo(i32, inside), offset);
  };
  for (std::int64_t i = 0; i < kBlock; i += 2 * lanes) {
    PrefetchVectors<2>(x + i + kPrefetchAhead);
    const VI16 both = NarrowToI16(one(x + i), one(x + i + lanes));
    hn::Store(both, i16, reinterpret_cast<std::int16_t*>(bin + i));
  }
}

void histogram(const float* x, std::int64_t n, const HistogramBins& bins, std::uint64_t* counts) {
  if (n < kFewElements) return reference::histogram_f32(x, n, bins, counts);
  for (; n > kFlushAfter; n -= kFlushAfter, x += kFlushAfter) histogram(x, kFlushAfter, bins, counts);
  std::vector<std::uint32_t> tables(static_cast<std::size_t>(kTables * bins.bins));
  HWY_ALIGN std::uint16_t bin[kBlock];
  std::int64_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    find_bins(x + i, bins, bin);
    count_block(bin, tables.data(), bins.bins);
  }
  for (std::int64_t b = 0; b < bins.bins; ++b) {
    for (std::int64_t t = 0; t < kTables; ++t) counts[b] += tables[static_cast<std::size_t>(t * bins.bins + b)];
  }
  reference::histogram_f32(x + i, n - i, bins, counts);
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(histogram);
}  // namespace

void histogram_f32(const float* x, std::int64_t n, const HistogramBins& bins, std::uint64_t* counts) {
  HWY_DYNAMIC_DISPATCH(histogram)(x, n, bins, counts);
}

}  // namespace zeropoint
#endif
