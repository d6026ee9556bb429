#include "kernels/elementwise/unary.h"

#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/unary.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/elementwise/math-inl.h"
#include "kernels/elementwise/transform-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, class V>
HWY_INLINE V clamp(D d, V x, float low, float high) {
  const V lower = hn::Set(d, low);
  const V upper = hn::Set(d, high);
  const V raised = hn::IfThenElse(hn::Lt(x, lower), lower, x);
  return hn::IfThenElse(hn::Gt(raised, upper), upper, raised);
}

/// log(1 + e^x) = max(x, 0) + log1p(e^-|x|)
template <class D, class V>
HWY_INLINE V softplus(D d, V x) {
  const V excess = vector_log1p_unit(d, vector_exp(d, hn::Neg(hn::Abs(x))));
  return hn::Add(clamp(d, x, 0.0F, hwy::HighestValue<float>()), excess);
}

template <class D, class V>
HWY_INLINE V shrink(D d, V x, float threshold, float bias) {
  const V above = hn::IfThenElseZero(hn::Gt(x, hn::Set(d, threshold)), hn::Sub(x, hn::Set(d, bias)));
  const V shrunk = hn::IfThenElse(hn::Lt(x, hn::Set(d, -threshold)), hn::Add(x, hn::Set(d, bias)), above);
  return hn::IfThenElse(hn::IsNaN(x), x, shrunk);
}

void UnaryF32Vectors(UnaryF32 function, UnaryParams params, const float* x, float* y, std::size_t n) {
  const float alpha = params.alpha;
  const float beta = params.beta;
// CopySign: some instruction sets emulate rounding and lose the sign of zero.
// clang-format off
#define ZP_UNARY(name, expression) \
  case UnaryF32::name: return transform_row(y, n, [=](auto d, std::size_t i) HWY_ATTR { (void)alpha, (void)beta; const auto v = hn::LoadU(d, x + i); return expression; });
#define ZP_SET(value) hn::Set(d, value)
  switch (function) {
    ZP_UNARY(abs, hn::Abs(v))
    ZP_UNARY(neg, hn::Neg(v))
    ZP_UNARY(floor, hn::CopySign(hn::Floor(v), v))
    ZP_UNARY(ceil, hn::CopySign(hn::Ceil(v), v))
    ZP_UNARY(round, hn::CopySign(hn::Round(v), v))
    ZP_UNARY(sqrt, hn::Sqrt(v))
    ZP_UNARY(square, hn::Mul(v, v))
    ZP_UNARY(cube, hn::Mul(hn::Mul(v, v), v))
    ZP_UNARY(reciprocal, hn::Div(ZP_SET(1.0F), v))
    ZP_UNARY(exp, vector_exp(d, v))
    ZP_UNARY(log, vector_log(d, v))
    ZP_UNARY(erf, vector_erf(d, v))
    ZP_UNARY(sigmoid, vector_sigmoid(d, v))
    ZP_UNARY(tanh, vector_tanh(d, v))
    ZP_UNARY(relu, hn::IfThenZeroElse(hn::Lt(v, hn::Zero(d)), v))
    ZP_UNARY(clip, clamp(d, v, alpha, beta))
    ZP_UNARY(leaky_relu, hn::IfThenElse(hn::Lt(v, hn::Zero(d)), hn::Mul(v, ZP_SET(alpha)), v))
    ZP_UNARY(elu, hn::IfThenElse(hn::Lt(v, hn::Zero(d)),
        hn::Mul(ZP_SET(alpha), hn::Sub(vector_exp(d, v), ZP_SET(1.0F))), v))
    ZP_UNARY(celu, hn::IfThenElse(hn::Lt(v, hn::Zero(d)),
        hn::Mul(ZP_SET(alpha), hn::Sub(vector_exp(d, hn::Div(v, ZP_SET(alpha))), ZP_SET(1.0F))), v))
    ZP_UNARY(selu, hn::Mul(ZP_SET(beta), hn::IfThenElse(hn::Gt(v, hn::Zero(d)), v,
        hn::Mul(ZP_SET(alpha), hn::Sub(vector_exp(d, v), ZP_SET(1.0F))))))
    ZP_UNARY(thresholded_relu, hn::IfThenZeroElse(hn::Le(v, ZP_SET(alpha)), v))
    ZP_UNARY(hard_sigmoid, clamp(d, hn::Add(hn::Mul(ZP_SET(alpha), v), ZP_SET(beta)), 0.0F, 1.0F))
    ZP_UNARY(hard_swish, hn::Mul(v, clamp(d, hn::Add(hn::Mul(v, ZP_SET(1.0F / 6.0F)), ZP_SET(0.5F)), 0.0F, 1.0F)))
    ZP_UNARY(swish, hn::Mul(v, vector_sigmoid(d, hn::Mul(ZP_SET(alpha), v))))
    ZP_UNARY(gelu, hn::Mul(hn::Mul(ZP_SET(0.5F), v),
        hn::Add(ZP_SET(1.0F), vector_erf(d, hn::Mul(v, ZP_SET(math::kSqrtHalf))))))
    ZP_UNARY(gelu_tanh, hn::Mul(hn::Mul(ZP_SET(0.5F), v), hn::Add(ZP_SET(1.0F),
        vector_tanh(d, hn::Mul(ZP_SET(math::kSqrt2OverPi),
            hn::Add(v, hn::Mul(ZP_SET(math::kGeluCubic), hn::Mul(v, hn::Mul(v, v)))))))))
    ZP_UNARY(softplus, softplus(d, v))
    ZP_UNARY(softsign, hn::Div(v, hn::Add(ZP_SET(1.0F), hn::Abs(v))))
    ZP_UNARY(mish, hn::Mul(v, vector_tanh(d, softplus(d, v))))
    ZP_UNARY(shrink, shrink(d, v, alpha, beta))
  }
#undef ZP_SET
#undef ZP_UNARY
  // clang-format on
}

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {

HWY_EXPORT(UnaryF32Vectors);

void unary_f32(UnaryF32 f, UnaryParams params, const float* x, float* y, std::int64_t n) {
  HWY_DYNAMIC_DISPATCH(UnaryF32Vectors)(f, params, x, y, static_cast<std::size_t>(n));
}

}  // namespace zeropoint
#endif
