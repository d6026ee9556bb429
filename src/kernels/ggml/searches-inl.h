// The searches of searches.h for as many blocks as a vector has lanes, a block per lane: every lane does what the
// reference does, in its order, so the bits agree. Included once per instruction set, like simd-inl.h.
//
// Values lie [value][lane]. A lane may meet numbers whose rounding depends on how nearest_int() wraps, or on the signs
// of scales; it is then struck from `ordinary`, and the caller asks the reference for that block.
#if defined(ZEROPOINT_KERNELS_GGML_SEARCHES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ZEROPOINT_KERNELS_GGML_SEARCHES_INL_H
#undef ZEROPOINT_KERNELS_GGML_SEARCHES_INL_H
#else
#define ZEROPOINT_KERNELS_GGML_SEARCHES_INL_H
#endif

#include <algorithm>

#include "kernels/ggml/searches.h"
#include "kernels/simd-inl.h"

#if HWY_TARGET != HWY_SCALAR
HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace kernels {
namespace HWY_NAMESPACE {

using namespace zeropoint::HWY_NAMESPACE;  // NOLINT(google-build-using-namespace): simd-inl.h of this target

constexpr int kLanes = HWY_LANES(float);
constexpr int kMostValues = 32;  // that share a scale

using Mask = hn::Mask<F32>;

HWY_INLINE VF32 Set(float value) { return hn::Set(F32(), value); }
HWY_INLINE VF32 At(const float* values, int i) { return hn::Load(F32(), values + i * kLanes); }
HWY_INLINE void Put(VF32 v, float* values, int i) { hn::Store(v, F32(), values + i * kLanes); }

/// The lanes whose block the vectors can do.
struct Ordinary {
  Mask lanes;

  HWY_INLINE Ordinary() : lanes(hn::Eq(hn::Zero(F32()), hn::Zero(F32()))) {}
  HWY_INLINE void require(Mask condition) { lanes = hn::And(lanes, condition); }
  /// v is in the range of nearest_int(); false for NaN.
  HWY_INLINE void require_roundable(VF32 v) { require(hn::Lt(hn::Abs(v), Set(0x1p22F))); }
};

/// clamp(nearest_int(v), lowest, highest), as floats, for |v| < 2^22. It may be -0, which no sum can tell from 0.
struct Rounding {
  VF32 lowest, highest;

  HWY_INLINE Rounding(int lowest_code, int highest_code)
      : lowest(Set(static_cast<float>(lowest_code))), highest(Set(static_cast<float>(highest_code))) {}
  HWY_INLINE VF32 operator()(VF32 v) const { return hn::Min(hn::Max(hn::Round(v), lowest), highest); }
};

/// The value of largest magnitude, the first of several.
HWY_INLINE VF32 Peak(const float* x, int n) {
  VF32 peak = hn::Zero(F32());
  for (int i = 0; i < n; ++i) {
    const VF32 v = At(x, i);
    peak = hn::IfThenElse(hn::Gt(hn::Abs(v), hn::Abs(peak)), v, peak);
  }
  return peak;
}

/// The sums of a least-squares fit, see reference_searches.cc.
struct Fit {
  VF32 xl, ll;

  HWY_INLINE Fit() : xl(hn::Zero(F32())), ll(hn::Zero(F32())) {}
  HWY_INLINE void add(VF32 weighted_x, VF32 weight, VF32 code) {
    xl = hn::Add(xl, hn::Mul(weighted_x, code));
    ll = hn::Add(ll, hn::Mul(hn::Mul(weight, code), code));
  }
  HWY_INLINE Fit without(VF32 weighted_x, VF32 weight, VF32 code) const {
    Fit rest;
    rest.xl = hn::Sub(xl, hn::Mul(weighted_x, code));
    rest.ll = hn::Sub(ll, hn::Mul(hn::Mul(weight, code), code));
    return rest;
  }
  HWY_INLINE void take(Mask lanes, const Fit& other) {
    xl = hn::IfThenElse(lanes, other.xl, xl);
    ll = hn::IfThenElse(lanes, other.ll, ll);
  }
  /// xl / ll where `lanes`, else 0.
  HWY_INLINE VF32 scale(Mask lanes) const { return hn::IfThenElseZero(lanes, hn::Div(xl, ll)); }
};

/// Where a search ended. Codes are round(inverse * (x - base)) + zero, and 0 for an empty block.
struct Found {
  VF32 scale, inverse, base;
  Mask is_empty;
};

/// A grid of search_scale() on trial.
struct Trial {
  VF32 inverse;
  Fit fit;

  /// Lands the peak on code -(qmax + step / 10).
  HWY_INLINE Trial(int qmax, int step, VF32 peak)
      : inverse(hn::Div(Set(-(static_cast<float>(qmax) + kGridStep * static_cast<float>(step))), peak)) {}
  HWY_INLINE void add(VF32 x, VF32 weighted, VF32 weight, const Rounding& round) {
    fit.add(weighted, weight, round(hn::Mul(inverse, x)));
  }
};

/// search_scale(). weights are x^2 where the reference has none.
HWY_INLINE Found SearchScale(const float* x, int n, int qmax, const float* weights) {
  const F32 f;
  const VF32 peak = Peak(x, n);
  const Mask is_empty = hn::Lt(hn::Abs(peak), Set(kSmallestMagnitude));
  const VF32 max = hn::IfThenElse(is_empty, Set(1), peak);
  const Rounding round(-qmax, qmax - 1);
  HWY_ALIGN float weighted[kMostValues * kLanes];
  Trial first(qmax, 0, max);
  for (int i = 0; i < n; ++i) {
    const VF32 wx = hn::Mul(At(weights, i), At(x, i));
    Put(wx, weighted, i);
    first.add(At(x, i), wx, At(weights, i), round);
  }
  VF32 inverse = first.inverse;
  VF32 scale = first.fit.scale(hn::Not(hn::Eq(first.fit.ll, hn::Zero(f))));
  VF32 best = hn::Mul(scale, first.fit.xl);
  const auto compare = [&](const Trial& trial) HWY_ATTR {
    const Fit& fit = trial.fit;
    const Mask is_solvable = hn::Gt(fit.ll, hn::Zero(f));
    const Mask better = hn::And(is_solvable, hn::Gt(hn::Mul(fit.xl, fit.xl), hn::Mul(best, fit.ll)));
    scale = hn::IfThenElse(better, hn::Div(fit.xl, fit.ll), scale);
    best = hn::IfThenElse(better, hn::Mul(scale, fit.xl), best);
    inverse = hn::IfThenElse(better, trial.inverse, inverse);
  };
  for (const int step : {-9, -6, -3, 1, 4, 7}) {  // -9 ... 9 without 0, three at a time
    Trial a(qmax, step, max);
    Trial b(qmax, step + 1, max);
    Trial c(qmax, step + 2, max);
    for (int i = 0; i < n; ++i) {
      const VF32 v = At(x, i);
      const VF32 w = At(weights, i);
      const VF32 wx = At(weighted, i);
      a.add(v, wx, w, round);
      b.add(v, wx, w, round);
      c.add(v, wx, w, round);
    }
    compare(a);
    compare(b);
    compare(c);
  }
  return {hn::IfThenZeroElse(is_empty, scale), inverse, hn::Zero(f), is_empty};
}

constexpr int kMostRefinements = 5;

/// refine_scale(). `codes` are floats, without zero.
HWY_INLINE Found RefineScale(const float* x, int n, int qmax, float* codes, Ordinary& ordinary) {
  const F32 f;
  const VF32 peak = Peak(x, n);
  const Mask is_empty = hn::Lt(hn::Abs(peak), Set(kSmallestMagnitude));
  const VF32 max = hn::IfThenElse(is_empty, Set(1), peak);
  const Rounding round(-qmax, qmax - 1);
  const VF32 inverse = hn::Div(Set(static_cast<float>(-qmax)), max);
  Fit fit;
  for (int i = 0; i < n; ++i) {
    const VF32 v = At(x, i);
    const VF32 w = hn::Mul(v, v);
    const VF32 code = round(hn::Mul(inverse, v));
    Put(code, codes, i);
    fit.add(hn::Mul(w, v), w, code);
  }
  bool changed = true;  // a lane at rest stays there while others go on
  for (int turn = 0; turn < kMostRefinements && changed; ++turn) {
    changed = false;
    for (int i = 0; i < n; ++i) {
      const VF32 v = At(x, i);
      const VF32 w = hn::Mul(v, v);
      const VF32 wx = hn::Mul(w, v);
      const VF32 old = At(codes, i);
      Fit other = fit.without(wx, w, old);
      const Mask can_place = hn::And(hn::Gt(other.xl, hn::Zero(f)), hn::Not(is_empty));
      const VF32 wanted = hn::IfThenElseZero(can_place, hn::Div(hn::Mul(v, other.ll), other.xl));
      ordinary.require_roundable(wanted);
      const VF32 code = round(wanted);
      other.add(wx, w, code);
      const Mask better = hn::And(hn::Gt(other.ll, hn::Zero(f)), hn::Gt(hn::Mul(hn::Mul(other.xl, other.xl), fit.ll),
                                                                        hn::Mul(hn::Mul(fit.xl, fit.xl), other.ll)));
      const Mask moves = hn::And(hn::And(can_place, hn::Ne(code, old)), better);
      if (hn::AllFalse(f, moves)) continue;
      Put(hn::IfThenElse(moves, code, old), codes, i);
      fit.take(moves, other);
      changed = true;
    }
  }
  const Mask has_scale = hn::And(hn::Gt(fit.ll, hn::Zero(f)), hn::Not(is_empty));
  return {fit.scale(has_scale), inverse, hn::Zero(f), is_empty};
}

/// search_positive_scale(). Returns the scale; `codes` are floats.
HWY_INLINE VF32 SearchPositiveScale(const float* x, int n, int qmax, const float* weights, float* codes,
                                    Ordinary& ordinary) {
  const F32 f;
  VF32 largest = hn::Zero(f);
  for (int i = 0; i < n; ++i) {
    const VF32 v = At(x, i);
    ordinary.require(hn::Ge(v, hn::Zero(f)));
    largest = hn::Max(largest, v);
  }
  const Mask is_empty = hn::Lt(largest, Set(kSmallestMagnitude));
  const VF32 max = hn::IfThenElse(is_empty, Set(1), largest);
  ordinary.require(hn::Lt(max, Set(0x1p126F)));
  const auto top = static_cast<float>(qmax);
  const Rounding round(0, qmax);
  const auto squared_error = [&](VF32 inverse) HWY_ATTR {
    const VF32 scale = hn::Div(Set(1), inverse);
    VF32 sum = hn::Zero(f);
    for (int i = 0; i < n; ++i) {
      const VF32 v = At(x, i);
      const VF32 difference = hn::Sub(v, hn::Mul(scale, round(hn::Mul(inverse, v))));
      sum = hn::Add(sum, hn::Mul(hn::Mul(At(weights, i), difference), difference));
    }
    return sum;
  };
  VF32 best_inverse = hn::Div(Set(top), max);
  VF32 best = squared_error(best_inverse);
  for (int step = -4; step <= 4; ++step) {
    if (step == 0) continue;
    const VF32 inverse = hn::Div(Set(kGridStep * static_cast<float>(step) + top), max);
    const VF32 error = squared_error(inverse);
    const Mask better = hn::Lt(error, best);
    best = hn::IfThenElse(better, error, best);
    best_inverse = hn::IfThenElse(better, inverse, best_inverse);
  }
  Fit fit;
  for (int i = 0; i < n; ++i) {
    const VF32 v = At(x, i);
    const VF32 w = At(weights, i);
    const VF32 code = round(hn::Mul(best_inverse, v));
    Put(code, codes, i);
    fit.add(hn::Mul(w, v), w, code);
  }
  bool changed = true;
  for (int turn = 0; turn < kMostRefinements && changed; ++turn) {
    changed = false;
    for (int i = 0; i < n; ++i) {
      const VF32 v = At(x, i);
      const VF32 w = At(weights, i);
      const VF32 wx = hn::Mul(w, v);
      const VF32 old = At(codes, i);
      Fit other = fit.without(wx, w, old);
      const Mask positive = hn::And(hn::Gt(other.xl, hn::Zero(f)), hn::Gt(other.ll, hn::Zero(f)));
      const Mask can_place = hn::And(positive, hn::Not(is_empty));
      const VF32 wanted = hn::IfThenElseZero(can_place, hn::Div(hn::Mul(v, other.ll), other.xl));
      ordinary.require_roundable(wanted);
      const VF32 code = round(wanted);
      other.add(wx, w, code);
      const Mask better =
          hn::Gt(hn::Mul(hn::Mul(other.xl, other.xl), fit.ll), hn::Mul(hn::Mul(fit.xl, fit.xl), other.ll));
      const Mask moves = hn::And(hn::And(can_place, hn::Ne(code, old)), better);
      if (hn::AllFalse(f, moves)) continue;
      Put(hn::IfThenElse(moves, code, old), codes, i);
      fit.take(moves, other);
      changed = true;
    }
  }
  for (int i = 0; i < n; ++i) Put(hn::IfThenZeroElse(is_empty, At(codes, i)), codes, i);
  return fit.scale(hn::And(hn::Gt(fit.ll, hn::Zero(f)), hn::Not(is_empty)));
}

/// search_scale_and_min(); `base` is the min that the best codes were rounded with.
struct FoundWithMin {
  Found found;
  VF32 min;
};

template <Distance kDistance>
HWY_INLINE VF32 Error(VF32 code, VF32 scale, VF32 offset, VF32 x, VF32 weight) {
  const VF32 difference = hn::Sub(hn::Add(hn::Mul(scale, code), offset), x);
  if constexpr (kDistance == Distance::absolute) return hn::Mul(weight, hn::Abs(difference));
  return hn::Mul(weight, hn::Mul(difference, difference));
}

template <Distance kDistance>
HWY_INLINE FoundWithMin SearchScaleAndMin(const float* x, int n, int qmax, const float* weights, const GridSteps& steps,
                                          Ordinary& ordinary) {
  const F32 f;
  const VF32 zero = hn::Zero(f);
  HWY_ALIGN float codes[kMostValues * kLanes];
  VF32 lowest = At(x, 0);
  VF32 max = lowest;
  VF32 sum_w = At(weights, 0);
  VF32 sum_x = hn::Mul(sum_w, lowest);
  for (int i = 1; i < n; ++i) {
    const VF32 v = At(x, i);
    const VF32 w = At(weights, i);
    lowest = hn::IfThenElse(hn::Lt(v, lowest), v, lowest);  // of 0 and -0 the first, as for the reference
    max = hn::Max(max, v);
    sum_w = hn::Add(sum_w, w);
    sum_x = hn::Add(sum_x, hn::Mul(w, v));
  }
  VF32 min = hn::IfThenElse(hn::Gt(lowest, zero), zero, lowest);
  const Mask is_empty = hn::Le(max, min);
  const VF32 min_of_empty = min;
  max = hn::IfThenElse(is_empty, hn::Add(min, hn::Max(Set(1), hn::Abs(min))), max);

  const Rounding round(0, qmax);
  const auto top = static_cast<float>(qmax);
  VF32 best_inverse = hn::Div(Set(top), hn::Sub(max, min));
  VF32 best_base = min;
  VF32 scale = hn::Div(Set(1), best_inverse);
  VF32 best = zero;
  ordinary.require_roundable(hn::Mul(best_inverse, hn::Sub(max, min)));
  for (int i = 0; i < n; ++i) {
    const VF32 v = At(x, i);
    const VF32 code = round(hn::Mul(best_inverse, hn::Sub(v, min)));
    best = hn::Add(best, Error<kDistance>(code, scale, min, v, At(weights, i)));
  }
  for (int step = 0; step <= steps.count; ++step) {
    const VF32 last_code = Set(steps.first + steps.step * static_cast<float>(step) + top);
    const VF32 inverse = hn::Div(last_code, hn::Sub(max, min));
    ordinary.require_roundable(hn::Mul(inverse, hn::Sub(max, min)));
    ordinary.require_roundable(hn::Mul(inverse, hn::Sub(lowest, min)));
    VF32 sum_l = zero;
    VF32 sum_ll = zero;
    VF32 sum_xl = zero;
    for (int i = 0; i < n; ++i) {
      const VF32 v = At(x, i);
      const VF32 code = round(hn::Mul(inverse, hn::Sub(v, min)));
      Put(code, codes, i);
      const VF32 wl = hn::Mul(At(weights, i), code);
      sum_l = hn::Add(sum_l, wl);
      sum_ll = hn::Add(sum_ll, hn::Mul(wl, code));
      sum_xl = hn::Add(sum_xl, hn::Mul(wl, v));
    }
    const VF32 determinant = hn::Sub(hn::Mul(sum_w, sum_ll), hn::Mul(sum_l, sum_l));
    const Mask is_solvable = hn::Gt(determinant, zero);
    if (hn::AllFalse(f, is_solvable)) continue;
    VF32 this_scale = hn::Div(hn::Sub(hn::Mul(sum_w, sum_xl), hn::Mul(sum_x, sum_l)), determinant);
    VF32 this_min = hn::Div(hn::Sub(hn::Mul(sum_ll, sum_x), hn::Mul(sum_l, sum_xl)), determinant);
    const Mask is_positive = hn::Gt(this_min, zero);
    this_min = hn::IfThenZeroElse(is_positive, this_min);
    this_scale = hn::IfThenElse(is_positive, hn::Div(sum_xl, sum_ll), this_scale);
    VF32 error = zero;
    for (int i = 0; i < n; ++i) {
      error = hn::Add(error, Error<kDistance>(At(codes, i), this_scale, this_min, At(x, i), At(weights, i)));
    }
    const Mask better = hn::And(is_solvable, hn::Lt(error, best));
    best = hn::IfThenElse(better, error, best);
    best_inverse = hn::IfThenElse(better, inverse, best_inverse);
    best_base = hn::IfThenElse(better, min, best_base);
    scale = hn::IfThenElse(better, this_scale, scale);
    min = hn::IfThenElse(better, this_min, min);
  }
  min = hn::IfThenElse(is_empty, min_of_empty, min);
  return {{hn::IfThenZeroElse(is_empty, scale), best_inverse, best_base, is_empty}, hn::Neg(min)};
}

/// The codes where a search ended, as floats.
HWY_INLINE VF32 CodeOf(VF32 x, const Found& found, const Rounding& round, VF32 zero) {
  const VF32 code = hn::Add(round(hn::Mul(found.inverse, hn::Sub(x, found.base))), zero);
  return hn::IfThenZeroElse(found.is_empty, code);
}

}  // namespace HWY_NAMESPACE
}  // namespace kernels
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();
#endif  // HWY_TARGET != HWY_SCALAR
#endif  // guard
