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

constexpr std::int64_t kBatch = 16;  // grids prepared together: whole vectors on every instruction set

/// The dividers of up to kBatch grids, computed in vectors: dividing per grid would cost more than a short run.
struct Batch {
  HWY_ALIGN float scale[kBatch];
  HWY_ALIGN float hi[kBatch];
  HWY_ALIGN float lo[kBatch];
  std::int16_t zero_point[kBatch];
  bool all_exact = HWY_NATIVE_FMA != 0;

  explicit Batch(const GridSpan& grids) {
    for (std::int64_t i = 0; i < kBatch; ++i) {
      const std::int64_t at = std::min(i, grids.count - 1);
      scale[i] = grids.scales[at];
      zero_point[i] = static_cast<std::int16_t>(grids.zero_points[at]);
    }
    const F32 f;
    const VF32 one = hn::Set(f, 1.0F);
    for (std::int64_t i = 0; i < kBatch; i += kLanes) {
      const VF32 s = hn::Load(f, scale + i);
      const VF32 r = hn::Div(one, s);
      hn::Store(r, f, hi + i);
      hn::Store(hn::Div(hn::NegMulAdd(r, s, one), s), f,
                lo + i);  // the remainder 1 - r s is exact with a fused multiply
    }
    for (std::int64_t i = 0; i < kBatch; ++i) all_exact = all_exact && is_exact_divisor(scale[i], kTieBits8);
  }

  template <bool kMultiply>
  HWY_INLINE Division<kMultiply> division(std::int64_t i) const {
    const F32 f;
    return {hn::Set(f, kMultiply ? hi[i] : scale[i]), hn::Set(f, lo[i])};
  }
  Divider divider(std::int64_t i) const { return {scale[i], hi[i], lo[i], all_exact}; }
  HWY_INLINE VI16 zero_points(std::int64_t i) const { return hn::Set(I16(), zero_point[i]); }
};

/// Two runs of half a quad, for which one vector of codes is one store.
template <bool kMultiply, class Code>
HWY_INLINE void two_runs(const float* HWY_RESTRICT x, const Batch& batch, std::int64_t first, Codes8<Code>& codes,
                         Code* HWY_RESTRICT q) {
  const Division<kMultiply> by0 = batch.division<kMultiply>(first);
  const Division<kMultiply> by1 = batch.division<kMultiply>(first + 1);
  const VF32 a = codes.load(x);
  const VF32 b = codes.load(x + kLanes);
  const VF32 c = codes.load(x + 2 * kLanes);
  const VF32 d = codes.load(x + 3 * kLanes);
  const auto bytes = codes.finish(StepsOfTwo(a, by0, b, by0), StepsOfTwo(c, by1, d, by1), batch.zero_points(first),
                                  batch.zero_points(first + 1));
  hn::StoreU(bytes, hn::ScalableTag<Code>(), q);
}

template <bool kMultiply, class Code>
void quantize_batch(const float* x, std::int64_t run, std::int64_t count, const Batch& batch, Codes8<Code>& codes,
                    Code* q) {
  std::int64_t i = 0;
  if (run == kPair) {
    for (; i + 2 <= count; i += 2) two_runs<kMultiply>(x + i * run, batch, i, codes, q + i * run);
  }
  for (; i < count; ++i) {
    OneGrid<Code, kMultiply>(batch.divider(i), batch.zero_point[i]).all(x + i * run, run, codes, q + i * run);
  }
}

template <class Code>
bool quantize_runs(const float* x, std::int64_t run, const GridSpan& grids, Code* q) {
  bool all_finite = true;
  for (std::int64_t first = 0; first < grids.count; first += kBatch) {
    const GridSpan some = grids.from(first, std::min(kBatch, grids.count - first));
    const Batch batch(some);
    Codes8<Code> codes(grids.codes);
    const float* from = x + first * run;
    Code* to = q + first * run;
    if (batch.all_exact) {
      quantize_batch<true>(from, run, some.count, batch, codes, to);
    } else {
      quantize_batch<false>(from, run, some.count, batch, codes, to);
    }
    if (HWY_UNLIKELY(codes.saw_non_finite())) {
      all_finite = reference::quantize_runs_f32(from, run, some, to) && all_finite;
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
