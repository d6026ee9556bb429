#include "kernels/fourier/fft.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <numbers>
#include <utility>

namespace zeropoint {
namespace {

using Complex = std::complex<double>;

/// e^(-2 pi j numerator / denominator)
Complex turn(std::int64_t numerator, std::int64_t denominator) {
  return std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(numerator) / static_cast<double>(denominator));
}

std::int64_t power_of_two_from(std::int64_t n) {
  return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(n)));
}

}  // namespace

Fft::Fft(std::int64_t length) : length_(length), inner_(power_of_two_from(length)) {
  if (inner_ != length_) inner_ = power_of_two_from(2 * length_ - 1);
  for (std::int64_t k = 0; k < inner_ / 2; ++k) turns_.push_back(turn(k, inner_));
  if (inner_ == length_) return;
  filter_.resize(static_cast<std::size_t>(inner_));
  for (std::int64_t i = 0; i < length_; ++i) {
    chirp_.push_back(turn(i * i % (2 * length_), 2 * length_));  // i^2 modulo a full turn keeps the angle exact
    const Complex conjugate = std::conj(chirp_.back());
    filter_[static_cast<std::size_t>(i)] = conjugate;
    if (i > 0) filter_[static_cast<std::size_t>(inner_ - i)] = conjugate;
  }
  run_power_of_two(filter_.data());
  for (Complex& value : filter_) value /= static_cast<double>(inner_);
}

void Fft::run_power_of_two(Complex* x) const {
  for (std::int64_t i = 1, j = 0; i < inner_; ++i) {  // bit-reversed order
    std::int64_t bit = inner_ >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (std::int64_t half = 1; half < inner_; half *= 2) {
    const std::int64_t step = inner_ / (2 * half);
    for (std::int64_t start = 0; start < inner_; start += 2 * half) {
      for (std::int64_t k = 0; k < half; ++k) {
        const Complex odd = x[start + half + k] * turns_[static_cast<std::size_t>(k * step)];
        x[start + half + k] = x[start + k] - odd;
        x[start + k] += odd;
      }
    }
  }
}

void Fft::run(Complex* x) const {
  if (chirp_.empty()) return run_power_of_two(x);
  std::vector<Complex> work(static_cast<std::size_t>(inner_));
  for (std::size_t i = 0; i < chirp_.size(); ++i) work[i] = x[i] * chirp_[i];
  run_power_of_two(work.data());
  // The inverse transform is a forward one between two conjugations.
  for (std::size_t i = 0; i < work.size(); ++i) work[i] = std::conj(work[i] * filter_[i]);
  run_power_of_two(work.data());
  for (std::size_t i = 0; i < chirp_.size(); ++i) x[i] = std::conj(work[i]) * chirp_[i];
}

void Fft::run_inverse(Complex* x) const {
  for (std::int64_t i = 0; i < length_; ++i) x[i] = std::conj(x[i]);
  run(x);
  for (std::int64_t i = 0; i < length_; ++i) x[i] = std::conj(x[i]) / static_cast<double>(length_);
}

}  // namespace zeropoint
