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

constexpr std::int64_t kBatch = 64;  // grids prepared together

/// The dividers of up to kBatch grids, computed in vectors: dividing per grid would cost more than a short run.
struct Batch {
  GridSpan grids;
  HWY_ALIGN float scale[kBatch];
  HWY_ALIGN float hi[kBatch];
  HWY_ALIGN float lo[kBatch];
  bool all_exact;

  explicit Batch(const GridSpan& some) : grids(some) {
    const std::int64_t padded = (some.count + kLanes - 1) / kLanes * kLanes;
    std::memcpy(scale, some.scales, static_cast<std::size_t>(some.count) * sizeof(float));
    std::fill_n(scale + some.count, padded - some.count, 1.0F);
    all_exact = PrepareDividers(scale, padded, kTieBits8, hi, lo);
  }
  template <Way kWay>
  HWY_INLINE Divisor<kWay> divisor(std::int64_t i) const {
    const F32 f;
    return {hn::Set(f, kWay == Way::multiply ? hi[i] : scale[i]), hn::Set(f, lo[i])};
  }
  HWY_INLINE VI16 zero_point(std::int64_t i) const {
    return hn::Set(I16(), static_cast<std::int16_t>(grids.zero_points[i]));
  }
  Divider divider(std::int64_t i) const { return {scale[i], hi[i], lo[i], all_exact}; }
};

/// Runs of half a quad, two to a store.
template <Way kWay, class Code>
void pairs(const float* HWY_RESTRICT x, const Batch& batch, Codes8<Code, kWay>& shared, Code* HWY_RESTRICT q) {
  Codes8<Code, kWay> codes = shared;  // a local copy stays in registers
  std::int64_t i = 0;
  for (; i + 2 <= batch.grids.count; i += 2) {
    const Divisor<kWay> by0 = batch.divisor<kWay>(i);
    const Divisor<kWay> by1 = batch.divisor<kWay>(i + 1);
    const VI16 ab = codes.two(x + i * kPair, by0, by0);
    const VI16 cd = codes.two(x + (i + 1) * kPair, by1, by1);
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
  // NarrowToI16 puts four words of one vector beside four of the other: so must their zero points.
  HWY_ALIGN std::int16_t zero_points[4 * (kBatch + 1)];
  for (std::int64_t i = 0; i < batch.grids.count; ++i) {
    std::fill_n(zero_points + 4 * i, 4, static_cast<std::int16_t>(batch.grids.zero_points[i]));
  }
  std::int64_t i = 0;
  for (; i + 4 <= batch.grids.count; i += 4) {
    const float* from = x + i * kLanes;
    const VI16 ab = codes.two(from, batch.divisor<kWay>(i), batch.divisor<kWay>(i + 1));
    const VI16 cd = codes.two(from + kPair, batch.divisor<kWay>(i + 2), batch.divisor<kWay>(i + 3));
    const VI16 zero_point_ab = hn::LoadDup128(I16(), zero_points + 4 * i);
    const VI16 zero_point_cd = hn::LoadDup128(I16(), zero_points + 4 * i + 8);
    hn::StoreU(codes.finish(ab, cd, zero_point_ab, zero_point_cd), hn::ScalableTag<Code>(), q + i * kLanes);
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
    const bool finite = batch.all_exact ? quantize_batch<Way::multiply>(from, run, batch, to)
                                        : quantize_batch<Way::divide>(from, run, batch, to);
    all_finite = all_finite && finite;
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
