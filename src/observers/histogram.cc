#include "observers/histogram.h"

#include <algorithm>
#include <cmath>

#include "kernels/histogram/histogram.h"

namespace zeropoint {
namespace {

// Indices stay below 2^23 in magnitude, and 2^-exponent is a normal float: x * 2^-exponent is exact in float32.
constexpr int kIndexBits = 22;
constexpr int kFinestExponent = -126;

std::int64_t bin_of(double value, int exponent) {
  return static_cast<std::int64_t>(std::floor(std::ldexp(value, -exponent)));
}

int choose_exponent(double min, double max, int bins) {
  const double largest = std::max(std::fabs(min), std::fabs(max));
  if (largest == 0) return kFinestExponent;
  int exponent = std::max(std::ilogb(largest) - kIndexBits, kFinestExponent);
  while (bin_of(max, exponent) - bin_of(min, exponent) >= bins) ++exponent;
  return exponent;
}

}  // namespace

Histogram Histogram::over(double min, double max, int bins) {
  Histogram h;
  h.exponent = choose_exponent(min, max, bins);
  h.first = bin_of(min, h.exponent);
  h.counts.resize(static_cast<std::size_t>(bin_of(max, h.exponent) - h.first + 1));
  return h;
}

double Histogram::bin_width() const { return std::ldexp(1.0, exponent); }

double Histogram::left_edge(std::size_t bin) const {
  return std::ldexp(static_cast<double>(first + static_cast<std::int64_t>(bin)), exponent);
}

bool Histogram::covers(double value) const {
  return !empty() && value >= left_edge(0) && value < left_edge(counts.size());
}

void Histogram::count(std::span<const float> values) {
  const HistogramBins bins{.inverse_width = std::ldexp(1.0F, -exponent),
                           .offset = static_cast<std::int32_t>(-first),
                           .bins = static_cast<std::int32_t>(counts.size())};
  histogram_f32(values.data(), static_cast<std::int64_t>(values.size()), bins, counts.data());
}

void Histogram::add(const Histogram& finer) {
  const int shift = std::min(exponent - finer.exponent, 63);
  for (std::size_t i = 0; i < finer.counts.size(); ++i) {
    const std::int64_t bin = ((finer.first + static_cast<std::int64_t>(i)) >> shift) - first;
    counts[static_cast<std::size_t>(bin)] += finer.counts[i];
  }
}

}  // namespace zeropoint
