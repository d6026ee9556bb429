#include "kernels/resample/resample.h"

#include <algorithm>
#include <cstring>

#include "base/parallel.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kElementsPerChunk = 16 << 10;

std::int64_t grain(std::int64_t elements_per_unit) {
  return std::max<std::int64_t>(1, kElementsPerChunk / std::max<std::int64_t>(1, elements_per_unit));
}

template <class Real>
void weigh_row(Real* dst, const Real* src, Real weight, std::int64_t count, bool is_first) {
  if (is_first) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) dst[i] = weight * src[i];
  } else {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) dst[i] += weight * src[i];
  }
}

/// The usual case of linear interpolation, in one sweep.
template <class Real>
void mix_rows(Real* dst, const Real* a, Real weight_a, const Real* b, Real weight_b, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) dst[i] = weight_a * a[i] + weight_b * b[i];
}

}  // namespace

template <class Real>
Resampler<Real>::Resampler(const Shape& shape, const std::vector<AxisFilter>& filters, double extrapolation_value)
    : extrapolation_value_(static_cast<Real>(extrapolation_value)) {
  std::vector<std::size_t> axes;
  double growth = 1;
  Shape now = shape;
  for (std::size_t axis = 0; axis < filters.size(); ++axis) {
    if (filters[axis].is_identity()) continue;
    axes.push_back(axis);
    growth *= static_cast<double>(filters[axis].output) / static_cast<double>(std::max<std::int64_t>(1, shape[axis]));
  }
  if (growth >= 1) std::reverse(axes.begin(), axes.end());  // the innermost axis is the slow one: while it is small
  for (const std::size_t axis : axes) {
    const AxisFilter& filter = filters[axis];
    Pass pass{.input = filter.input,
              .output = filter.output,
              .taps = filter.taps,
              .positions = filter.positions,
              .weights = std::vector<Real>(filter.weights.begin(), filter.weights.end()),
              .is_outside = filter.is_outside};
    for (std::size_t i = 0; i < axis; ++i) pass.outer *= now[i];
    for (std::size_t i = axis + 1; i < now.size(); ++i) pass.inner *= now[i];
    now[axis] = filter.output;
    passes_.push_back(std::move(pass));
    if (passes_.size() < axes.size()) {
      scratch_half_ = std::max(scratch_half_, static_cast<std::size_t>(element_count(now)));
    }
  }
  count_ = static_cast<std::size_t>(element_count(now));
}

template <class Real>
void Resampler<Real>::run(Real* dst, const Real* src, Real* scratch) const {
  if (passes_.empty()) {
    if (count_ > 0) std::memcpy(dst, src, count_ * sizeof(Real));
    return;
  }
  const Real* from = src;
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    Real* to = i + 1 == passes_.size() ? dst : scratch + (i % 2) * scratch_half_;
    if (passes_[i].inner == 1) {
      run_lines(passes_[i], to, from);
    } else {
      run_rows(passes_[i], to, from);
    }
    from = to;
  }
}

/// The axis is the innermost one: neighbours are picked within a line.
template <class Real>
void Resampler<Real>::run_lines(const Pass& pass, Real* dst, const Real* src) const {
  parallel_ranges(pass.outer, grain(pass.output * pass.taps), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t line = begin; line < end; ++line) {
      const Real* from = src + line * pass.input;
      Real* to = dst + line * pass.output;
      const std::int64_t* position = pass.positions.data();
      const Real* weight = pass.weights.data();
      for (std::int64_t j = 0; j < pass.output; ++j) {
        Real sum = 0;
        for (std::int64_t k = 0; k < pass.taps; ++k) sum += *weight++ * from[*position++];
        to[j] = sum;
      }
      for (std::size_t j = 0; j < pass.is_outside.size(); ++j) {
        if (pass.is_outside[j]) to[j] = extrapolation_value_;
      }
    }
  });
}

/// Another axis: whole rows of `inner` elements are mixed.
template <class Real>
void Resampler<Real>::run_rows(const Pass& pass, Real* dst, const Real* src) const {
  parallel_ranges(pass.outer * pass.output, grain(pass.inner * pass.taps), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t j = row % pass.output;
      const Real* from = src + row / pass.output * pass.input * pass.inner;
      Real* to = dst + row * pass.inner;
      const std::int64_t* position = &pass.positions[static_cast<std::size_t>(j * pass.taps)];
      const Real* weight = &pass.weights[static_cast<std::size_t>(j * pass.taps)];
      if (!pass.is_outside.empty() && pass.is_outside[static_cast<std::size_t>(j)]) {
        std::fill_n(to, pass.inner, extrapolation_value_);
      } else if (pass.taps == 2) {
        mix_rows(to, from + position[0] * pass.inner, weight[0], from + position[1] * pass.inner, weight[1],
                 pass.inner);
      } else {
        for (std::int64_t k = 0; k < pass.taps; ++k) {
          weigh_row(to, from + position[k] * pass.inner, weight[k], pass.inner, k == 0);
        }
      }
    }
  });
}

template class Resampler<float>;
template class Resampler<double>;

}  // namespace zeropoint
