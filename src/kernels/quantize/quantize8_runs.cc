// float32 to 8-bit codes, equal runs of elements on a grid each: per-axis slices and blocks.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantize/quantize8_runs.cc"
#include "hwy/foreach_target.h"
#include "kernels/quantize/quantize8-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

template <class Code>
bool quantize_runs(const float* x, std::int64_t run, const GridSpan& grids, Code* q) {
  return reference::quantize_runs_f32(x, run, grids, q);
}

#else

constexpr std::int64_t kBatch = 128;  // grids prepared together

/// The dividers of up to kBatch grids, computed in vectors: dividing per grid would cost more than a short run.
struct Batch {
  GridSpan grids;
  HWY_ALIGN float hi[kBatch];
  HWY_ALIGN float lo[kBatch];
  std::int32_t inexact[kBatch];  // grids that must divide where all others multiply: few, computed again
  std::int64_t inexact_count;
  bool can_multiply;

  explicit Batch(const GridSpan& some) : grids(some) {
    inexact_count = PrepareDividers(some.scales, some.count, hi, lo, inexact);
    can_multiply = inexact_count <= 1 + some.count / 64 && HWY_NATIVE_FMA != 0;
    if (!can_multiply) inexact_count = 0;
  }
  template <Way kWay>
  HWY_INLINE Divisor<kWay> divisor(std::int64_t i) const {
    const F32 f;
    return {hn::Set(f, multiplies(kWay) ? hi[i] : grids.scales[i]), hn::Set(f, lo[i])};
  }
  HWY_INLINE VI16 zero_point(std::int64_t i) const {
    return hn::Set(I16(), static_cast<std::int16_t>(grids.zero_points[i]));
  }
  /// For a pair of vectors on grids i and i + 1: NarrowToI16 puts four words of one beside four of the other.
  HWY_INLINE VI16 zero_points_of_two(std::int64_t i) const {
    const hn::ScalableTag<std::uint64_t> u64;
    return hn::BitCast(I16(),
                       hn::InterleaveLower(u64, hn::BitCast(u64, zero_point(i)), hn::BitCast(u64, zero_point(i + 1))));
  }
  Divider divider(std::int64_t i) const { return {grids.scales[i], hi[i], lo[i], can_multiply}; }
};

/// Runs of half a quad, two to a store.
template <Way kWay, class Code>
void pairs(const float* HWY_RESTRICT x, const Batch& batch, Codes8<Code, kWay>& shared, Code* HWY_RESTRICT q) {
  Codes8<Code, kWay> codes = shared;  // a local copy stays in registers
  std::int64_t i = 0;
  for (; i + 2 <= batch.grids.count; i += 2) {
    const FourVectors v = LoadFour(x + i * kPair);
    const Divisor<kWay> by0 = batch.divisor<kWay>(i);
    const Divisor<kWay> by1 = batch.divisor<kWay>(i + 1);
    const VI16 ab = codes.two(v.a, by0, v.b, by0);
    const VI16 cd = codes.two(v.c, by1, v.d, by1);
    hn::StoreU(codes.finish(ab, cd, batch.zero_point(i), batch.zero_point(i + 1)), hn::ScalableTag<Code>(),
               q + i * kPair);
  }
  if (i < batch.grids.count) {
    OneGrid<Code, kWay>(batch.divider(i), batch.grids.zero_points[i]).some(x + i * kPair, kPair, codes, q + i * kPair);
  }
  shared = codes;
}

/// Runs of one vector, four to a store.
template <Way kWay, class Code>
void singles(const float* HWY_RESTRICT x, const Batch& batch, Codes8<Code, kWay>& shared, Code* HWY_RESTRICT q) {
  Codes8<Code, kWay> codes = shared;
  std::int64_t i = 0;
  for (; i + 4 <= batch.grids.count; i += 4) {
    const FourVectors v = LoadFour(x + i * kLanes);
    const VI16 ab = codes.two(v.a, batch.divisor<kWay>(i), v.b, batch.divisor<kWay>(i + 1));
    const VI16 cd = codes.two(v.c, batch.divisor<kWay>(i + 2), v.d, batch.divisor<kWay>(i + 3));
    const auto bytes = codes.finish(ab, cd, batch.zero_points_of_two(i), batch.zero_points_of_two(i + 2));
    hn::StoreU(bytes, hn::ScalableTag<Code>(), q + i * kLanes);
  }
  for (; i < batch.grids.count; ++i) {
    OneGrid<Code, kWay>(batch.divider(i), batch.grids.zero_points[i])
        .some(x + i * kLanes, kLanes, codes, q + i * kLanes);
  }
  shared = codes;
}

template <Way kWay, class Code>
bool quantize_batch(const float* x, std::int64_t run, const Batch& batch, Code* q) {
  Codes8<Code, kWay> codes(batch.grids.codes);
  if (run == kPair) {
    pairs<kWay>(x, batch, codes, q);
  } else if (run == kLanes) {
    singles<kWay>(x, batch, codes, q);
  } else {
    for (std::int64_t i = 0; i < batch.grids.count; ++i) {
      OneGrid<Code, kWay>(batch.divider(i), batch.grids.zero_points[i]).all(x + i * run, run, codes, q + i * run);
    }
  }
  if constexpr (kWay == Way::careful) return !codes.saw_non_finite();
  return !codes.is_suspicious() || quantize_batch<Way::careful>(x, run, batch, q);
}

template <class Code>
bool quantize_runs(const float* x, std::int64_t run, const GridSpan& grids, Code* q) {
  bool all_finite = true;
  for (std::int64_t first = 0; first < grids.count; first += kBatch) {
    const Batch batch(grids.from(first, std::min(kBatch, grids.count - first)));
    const float* from = x + first * run;
    Code* to = q + first * run;
    const bool finite = with_fast_way<Code>(batch.can_multiply, grids.codes,
                                            [&](auto way) { return quantize_batch<way()>(from, run, batch, to); });
    all_finite = all_finite && finite;
    for (std::int64_t k = 0; k < batch.inexact_count; ++k) {
      const std::int64_t i = batch.inexact[k];
      reference::quantize_f32(from + i * run, run, batch.grids[i], to + i * run);
    }
  }
  return all_finite;
}

#endif

bool runs_u8(const float* x, std::int64_t run, const GridSpan& grids, std::uint8_t* q) {
  return quantize_runs(x, run, grids, q);
}
bool runs_i8(const float* x, std::int64_t run, const GridSpan& grids, std::int8_t* q) {
  return quantize_runs(x, run, grids, q);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(runs_u8);
HWY_EXPORT(runs_i8);
}  // namespace

bool quantize_runs_f32_u8(const float* x, std::int64_t run, const GridSpan& grids, std::uint8_t* q) {
  return HWY_DYNAMIC_DISPATCH(runs_u8)(x, run, grids, q);
}
bool quantize_runs_f32_i8(const float* x, std::int64_t run, const GridSpan& grids, std::int8_t* q) {
  return HWY_DYNAMIC_DISPATCH(runs_i8)(x, run, grids, q);
}

}  // namespace zeropoint
#endif
