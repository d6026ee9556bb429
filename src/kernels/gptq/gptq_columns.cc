#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gptq/gptq_columns.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "kernels/gptq/gptq_columns.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

void GptqColumnsVectors(const GptqColumns& columns) { reference::gptq_columns(columns); }

#else

void GptqColumnsVectors(const GptqColumns& g) {
  const F32 f;
  const hn::Rebind<std::int8_t, F32> i8;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(f));
  const VF32 lowest = hn::Set(f, static_cast<float>(g.range.min));
  const VF32 highest = hn::Set(f, static_cast<float>(g.range.max));
  for (std::int64_t row = 0; row < kGptqRows; row += lanes) {
    const VF32 scale = hn::Load(f, g.scales + row);
    const VF32 zero_point = hn::Load(f, g.zero_points + row);
    float* weights = g.weights + row;
    for (std::int64_t i = g.begin; i < g.end; ++i) {
      const float* factor = g.factor + i * g.factor_step;
      const VF32 w = hn::Load(f, weights + i * kGptqRows);
      const VF32 rounded = hn::Add(hn::Round(hn::Div(w, scale)), zero_point);
      const VF32 q = hn::Min(hn::Max(rounded, lowest), highest);
      const VF32 d = hn::Sub(w, hn::Mul(hn::Sub(q, zero_point), scale));
      const VF32 e = hn::Div(d, hn::Set(f, factor[i]));
      hn::StoreU(hn::DemoteTo(i8, RoundToInt(q)), i8, g.codes + i * kGptqRows + row);
      hn::Store(e, f, g.errors + i * kGptqRows + row);
      for (std::int64_t j = i + 1; j < g.width; ++j) {
        float* other = weights + j * kGptqRows;
        hn::Store(hn::NegMulAdd(e, hn::Set(f, factor[j]), hn::Load(f, other)), f, other);
      }
    }
  }
}

#endif

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {

HWY_EXPORT(GptqColumnsVectors);

void gptq_columns(const GptqColumns& columns) { HWY_DYNAMIC_DISPATCH(GptqColumnsVectors)(columns); }

}  // namespace zeropoint
#endif
