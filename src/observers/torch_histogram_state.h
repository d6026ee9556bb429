// The streaming state of torch.ao.quantization.HistogramObserver, kept number for number: its
// histogram has float counts over [min, max] of all that was seen, and is resampled whenever that
// grows. It depends on the order of the samples and does not merge.
//
// Source: torch/ao/quantization/observer.py of PyTorch 2.15 (class HistogramObserver: forward,
// _upscale_histogram, _combine_histograms) and the CPU kernels behind it (histc, linspace,
// bucketize, bincount), all in float32, as its build for AVX2 computes them.
#pragma once

#include <span>
#include <vector>

namespace zeropoint {

struct TorchHistogram {
  static constexpr int kBins = 2048;

  float min = 0;
  float max = 0;
  std::vector<float> counts;  // kBins, or empty: nothing seen, or not wanted

  bool empty() const { return counts.empty(); }

  /// One call of the reference's forward(). `low` and `high` are the extremes of `values`, which are finite.
  void observe(std::span<const float> values, float low, float high);

  bool operator==(const TorchHistogram&) const = default;
};

/// torch.sum of float32 on a CPU with AVX2: eight lanes, four rows of them, in blocks of sixteen.
float torch_sum(std::span<const float> values);

}  // namespace zeropoint
