// torch.ao.quantization.HistogramObserver._non_linear_param_search, number for number: walk the ends
// of the range inwards by quantiles of 1e-5, always the end that frees more bins, until the estimated
// error rises. A greedy walk, kept for parity with models that were calibrated by PyTorch; `mse`
// finds better ranges.
//
// float32 where the reference computes in float32 tensors, double where it computes in Python.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/fail.h"
#include "observers/observer.h"
#include "observers/torch_histogram_state.h"

namespace zeropoint {
namespace {

constexpr double kStep = 1e-5;

/// torch.div(a, b, rounding_mode="floor") for b > 0.
float floor_divide(float a, float b) {
  const float remainder = std::fmod(a, b);
  float quotient = (a - remainder) / b;
  if (remainder < 0) quotient -= 1;
  if (quotient == 0) return 0;
  const float floored = std::floor(quotient);
  return quotient - floored > 0.5F ? floored + 1 : floored;
}

/// density * (end^3 - begin^3) / 3
float norm(float begin, float end, float density) {
  const float integral = (end * end * end - begin * begin * begin) / 3;
  return density * integral;
}

/// _compute_quantization_error: the squared error of quantizing bins [start, end] to `levels` levels.
double quantization_error(const TorchHistogram& h, int start, int end, int levels) {
  const double bin_width = (static_cast<double>(h.max) - static_cast<double>(h.min)) / TorchHistogram::kBins;
  const double level_width = bin_width * (end - start + 1) / levels;
  if (level_width == 0) return 0;
  const auto bin = static_cast<float>(bin_width);
  const auto level = static_cast<float>(level_width);
  const auto half = static_cast<float>(level_width / 2);
  const auto level_of = [&](float x) {
    return std::clamp(floor_divide(x, level), 0.0F, static_cast<float>(levels - 1));
  };
  std::vector<float> errors(h.counts.size());
  for (int i = 0; i < TorchHistogram::kBins; ++i) {
    const float begin = static_cast<float>(i - start) * bin;
    const float finish = begin + bin;
    const float first = level_of(begin);
    const float last = level_of(finish);
    const float density = h.counts[static_cast<std::size_t>(i)] / bin;
    float error = norm(begin - (first + 0.5F) * level, half, density);
    error += (last - first - 1) * norm(-half, half, density);
    error += norm(-half, finish - (last * level + half), density);
    errors[static_cast<std::size_t>(i)] = error;
  }
  return torch_sum(errors);
}

struct Window {
  int start = 0;
  int end = TorchHistogram::kBins - 1;
  int candidates = 0;
};

Window search(const TorchHistogram& h, int levels) {
  const double total = torch_sum(h.counts);
  std::vector<float> cumulated;
  double running = 0;
  for (const float count : h.counts) cumulated.push_back(static_cast<float>(running += count));

  Window window;
  double alpha = 0;
  double beta = 1;
  double least = std::numeric_limits<double>::infinity();
  while (alpha < beta) {
    const double next_alpha = alpha + kStep;
    const double next_beta = beta - kStep;
    // The first bin from the left that reaches the quantile, and the first from the right that does not exceed it.
    const auto begin = cumulated.begin();
    const auto left =
        std::lower_bound(begin + window.start, begin + window.end, static_cast<float>(next_alpha * total));
    const auto right =
        std::upper_bound(begin + window.start + 1, begin + window.end + 1, static_cast<float>(next_beta * total));
    const auto l = static_cast<int>(left - begin);
    const auto r = static_cast<int>(right - begin) - 1;
    Window next = window;
    if (l - window.start > window.end - r) {
      next.start = l;
      alpha = next_alpha;
    } else {
      next.end = r;
      beta = next_beta;
    }
    if (next.start == window.start && next.end == window.end) continue;
    const double error = quantization_error(h, next.start, next.end, levels);
    next.candidates = ++window.candidates;
    if (error > least) break;
    least = error;
    window = next;
  }
  return window;
}

RangeChoice choose(const SliceStatistics& seen, const Scheme& scheme, const ObserverOptions&) {
  constexpr int kWidestCodeBits = 16;
  if (bits(scheme.dtype) > kWidestCodeBits) {
    fail(ErrorKind::invalid_option, "observer torch_histogram", "{} has too many levels", name(scheme.dtype));
  }
  const TorchHistogram& h = seen.torch_histogram;
  const float width = h.max - h.min;
  if (!std::isfinite(width)) {
    return {.range = {h.min, h.max},
            .reason = fmt::format("smallest and largest of {} values", seen.count),
            .warning = "PyTorch's float32 arithmetic overflows on so wide a range: the same as minmax"};
  }
  const Window window = search(h, 1 << bits(scheme.dtype));
  const float bin_width = width / static_cast<float>(TorchHistogram::kBins);
  return {.range = {h.min + bin_width * static_cast<float>(window.start),
                    h.min + bin_width * static_cast<float>(window.end + 1)},
          .candidates = std::max(window.candidates, 1),
          .reason = fmt::format("bins {} to {} of {}, where the greedy walk of PyTorch stopped", window.start,
                                window.end, TorchHistogram::kBins)};
}

}  // namespace

ObserverSpec observer_torch_histogram() {
  return {.name = "torch_histogram",
          .summary = "the greedy search of PyTorch's HistogramObserver, number for number",
          .source = "torch/ao/quantization/observer.py, PyTorch 2.15",
          .choose = choose,
          .needs_torch_histogram = true,
          .needs_even_codes = true,
          .is_mergeable = false};
}

}  // namespace zeropoint
