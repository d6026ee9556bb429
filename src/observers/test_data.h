// Literal-free data for the observers' tests: fixed seeds, the same on every machine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "observers/statistics.h"

namespace zeropoint::testing {

/// A small counter-based generator: uniform in (0, 1).
class Uniform {
 public:
  explicit Uniform(std::uint64_t seed) : state_(seed) {}
  double operator()() {
    state_ += 0x9E3779B97F4A7C15U;  // splitmix64
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return (static_cast<double>((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
  }

 private:
  std::uint64_t state_;
};

inline std::vector<float> gauss(std::size_t n, std::uint64_t seed) {
  Uniform uniform(seed);
  std::vector<float> values(n);
  for (float& v : values) {
    v = static_cast<float>(std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform()));
  }
  return values;
}

inline std::vector<float> laplace(std::size_t n, std::uint64_t seed) {
  Uniform uniform(seed);
  std::vector<float> values(n);
  for (float& v : values) {
    const double u = uniform() - 0.5;
    v = static_cast<float>((u < 0 ? 1 : -1) * std::log(1 - 2 * std::fabs(u)));
  }
  return values;
}

inline std::vector<float> relu(std::vector<float> values) {
  for (float& v : values) v = std::max(v, 0.0F);
  return values;
}

inline Tensor vector_of(const std::vector<float>& values) {
  return Tensor::copy_of<float>({static_cast<std::int64_t>(values.size())}, values);
}

inline SliceStatistics observed(const std::vector<float>& values, int bins = 4096) {
  TensorStatistics seen({.histogram_bins = bins, .torch_histogram = true});
  seen.observe(vector_of(values));
  return seen.slices().front();
}

/// Mean squared error of the values themselves on a grid.
inline double real_error(const std::vector<float>& values, double scale, int zero_point, int qmin, int qmax) {
  double sum = 0;
  for (const double x : values) {
    const double q = std::clamp(std::nearbyint(x / scale) + zero_point, double(qmin), double(qmax));
    sum += (x - scale * (q - zero_point)) * (x - scale * (q - zero_point));
  }
  return sum / static_cast<double>(values.size());
}

}  // namespace zeropoint::testing
