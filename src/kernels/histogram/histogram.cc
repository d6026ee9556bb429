#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/histogram/histogram.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <vector>

#include "kernels/histogram/histogram.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void histogram(const float* x, std::int64_t n, const HistogramBins& bins, std::uint64_t* counts) {
  reference::histogram_f32(x, n, bins, counts);
}

#else

constexpr std::int64_t kTables = 4;            // neighbours count in different tables: no store waits for the last one
constexpr std::int64_t kBlock = 256;           // elements whose bins are computed, then counted
constexpr std::int64_t kPrefetchAhead = 2048;  // elements; the bursts of counting keep hardware prefetchers idle
constexpr std::int64_t kFewElements = 16384;   // fewer are not worth clearing and adding the tables
constexpr std::int64_t kFlushAfter = std::int64_t{1} << 31;  // keeps 32-bit counts from overflowing

/// Twice the bins of kBlock elements, in any order.
void find_bins(const float* HWY_RESTRICT x, const HistogramBins& bins, std::uint16_t* HWY_RESTRICT twice_bin) {
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
    hn::Store(hn::Add(both, both), i16, reinterpret_cast<std::int16_t*>(twice_bin + i));
  }
}

/// tables[4 * bin + t]: the four tables lie side by side, so that those of a full bin share a cache line.
void count_bins(const std::uint16_t* HWY_RESTRICT twice_bin, std::uint32_t* HWY_RESTRICT tables) {
  const auto at = [&](std::int64_t i) { return std::size_t{kTables / 2} * twice_bin[i]; };
  for (std::int64_t i = 0; i < kBlock; i += 2 * kTables) {
    ++tables[at(i)];
    ++tables[at(i + 1) + 1];
    ++tables[at(i + 2) + 2];
    ++tables[at(i + 3) + 3];
    ++tables[at(i + 4)];
    ++tables[at(i + 5) + 1];
    ++tables[at(i + 6) + 2];
    ++tables[at(i + 7) + 3];
  }
}

void histogram(const float* x, std::int64_t n, const HistogramBins& bins, std::uint64_t* counts) {
  if (n < kFewElements) return reference::histogram_f32(x, n, bins, counts);
  for (; n > kFlushAfter; n -= kFlushAfter, x += kFlushAfter) histogram(x, kFlushAfter, bins, counts);
  std::vector<std::uint32_t> tables(static_cast<std::size_t>(kTables * bins.bins));
  HWY_ALIGN std::uint16_t twice_bin[kBlock];
  std::int64_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    find_bins(x + i, bins, twice_bin);
    count_bins(twice_bin, tables.data());
  }
  for (std::int64_t at = 0; at < kTables * bins.bins; ++at)
    counts[at / kTables] += tables[static_cast<std::size_t>(at)];
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
