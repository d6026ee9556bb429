// Applies axis filters one axis after the other: separable interpolation in float32 or float64.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/resample/axis_filter.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

/// Resamples a dense array; the object holds every decision, run() only computes.
template <class Real>
class Resampler {
 public:
  /// `filters` has one entry per axis of `shape`. Positions outside a crop get `extrapolation_value`.
  Resampler(const Shape& shape, const std::vector<AxisFilter>& filters, double extrapolation_value);

  /// Elements of Real that run() needs as `scratch`.
  std::size_t scratch_elements() const { return 2 * scratch_half_; }
  void run(Real* dst, const Real* src, Real* scratch) const;

 private:
  struct Pass {
    std::int64_t outer = 1, input = 1, output = 1, inner = 1, taps = 1;
    std::vector<std::int64_t> positions;
    std::vector<Real> weights;
    std::vector<bool> is_outside;
  };
  void run_lines(const Pass& pass, Real* dst, const Real* src) const;
  void run_rows(const Pass& pass, Real* dst, const Real* src) const;

  std::vector<Pass> passes_;
  std::size_t scratch_half_ = 0;  // the largest array between two passes
  std::size_t count_ = 0;         // elements when nothing changes
  Real extrapolation_value_;
};

extern template class Resampler<float>;
extern template class Resampler<double>;

}  // namespace zeropoint
