#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/fake_quantize/fake_quantize.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <limits>

#include "kernels/divider.h"
#include "kernels/fake_quantize/fake_quantize.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

bool fake_quantize(const float* x, std::int64_t n, const CodeGrid& grid, float* y) {
  return reference::fake_quantize_f32(x, n, grid, y);
}

#else

template <bool kMultiply>
bool run(const float* x, std::int64_t n, const CodeGrid& grid, const Divider& divider, float* y) {
  const F32 f;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(f));
  const VF32 zero = hn::Zero(f);
  const VF32 scale = hn::Set(f, grid.scale);
  const VF32 hi = hn::Set(f, divider.hi);
  const VF32 lo = hn::Set(f, divider.lo);
  // In steps from the zero point: integers of at most 17 bits, exact in float32.
  const VF32 least = hn::Set(f, static_cast<float>(grid.codes.min - grid.zero_point));
  const VF32 most = hn::Set(f, static_cast<float>(grid.codes.max - grid.zero_point));
  const VF32 largest = hn::Set(f, std::numeric_limits<float>::max());
  VF32 check = zero;  // NaN once an x was not finite
  const auto one = [&](VF32 v) HWY_ATTR {
    check = hn::MulAdd(v, zero, check);
    // Multiplied, an infinity would meet its opposite where hi and lo differ in sign.
    const VF32 finite = hn::Min(hn::Max(v, hn::Neg(largest)), largest);
    const VF32 quotient = kMultiply ? hn::MulAdd(finite, hi, hn::Mul(finite, lo)) : hn::Div(v, scale);
    const VF32 inside = hn::Min(hn::Max(quotient, least), most);
    const VF32 known = hn::IfThenElseZero(hn::Eq(v, v), inside);
    return hn::Mul(hn::ConvertTo(f, RoundToInt(known)), scale);
  };
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(one(LoadOnce(f, x + i)), f, y + i);
  bool all_finite = hn::AllTrue(f, hn::Eq(check, zero));
  if (i < n) all_finite = reference::fake_quantize_f32(x + i, n - i, grid, y + i) && all_finite;
  return all_finite;
}

bool fake_quantize(const float* x, std::int64_t n, const CodeGrid& grid, float* y) {
  const bool is_narrow = std::int64_t{grid.codes.max} - grid.codes.min <= 255;
  const Divider divider = make_divider(grid.scale, is_narrow ? kTieBits8 : kTieBits16);
  if (HWY_NATIVE_FMA == 0 || !divider.is_exact) return run<false>(x, n, grid, divider, y);
  return run<true>(x, n, grid, divider, y);
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(fake_quantize);
}  // namespace

bool fake_quantize_f32(const float* x, std::int64_t n, const CodeGrid& grid, float* y) {
  return HWY_DYNAMIC_DISPATCH(fake_quantize)(x, n, grid, y);
}

}  // namespace zeropoint
#endif
