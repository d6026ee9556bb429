// The discrete Fourier transform of any length in double precision:
//   y[k] = sum over i of x[i] e^(-2 pi j i k / n)
//
// Powers of two run Cooley and Tukey's algorithm (1965); other lengths become a convolution of a
// power of two (Bluestein 1970). O(n log n) either way. Thread safety: run() is const.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

namespace zeropoint {

class Fft {
 public:
  explicit Fft(std::int64_t length);  ///< 1 or more

  std::int64_t length() const { return length_; }

  /// Transforms x[length] in place; no scaling.
  void run(std::complex<double>* x) const;

  /// The inverse, scaled by 1 / length.
  void run_inverse(std::complex<double>* x) const;

 private:
  void run_power_of_two(std::complex<double>* x) const;

  std::int64_t length_;
  std::int64_t inner_;                        // the power of two that is computed with
  std::vector<std::complex<double>> turns_;   // e^(-2 pi j k / inner), k < inner / 2
  std::vector<std::complex<double>> chirp_;   // e^(-pi j i^2 / length); empty for a power of two
  std::vector<std::complex<double>> filter_;  // transform of the conjugate chirp, scaled by 1 / inner
};

}  // namespace zeropoint
