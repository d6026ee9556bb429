#include "observers/torch_histogram_state.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace zeropoint {
namespace {

constexpr int kUpsampleRate = 16;

/// torch.histc: equal bins over [low, high], the last one closed; a zero range is widened by 1 on each side.
std::vector<float> histc(std::span<const float> values, float low, float high) {
  if (low == high) {
    low -= 1;
    high += 1;
  }
  const float width = high - low;
  std::vector<float> counts(TorchHistogram::kBins);
  for (const float x : values) {
    if (x < low || x > high) continue;
    const float position = (x - low) * static_cast<float>(TorchHistogram::kBins) / width;
    // Beyond the last bin where x == high, and where the product overflows; NaN where the width does.
    const bool is_inside = position < static_cast<float>(TorchHistogram::kBins);
    const auto bin = is_inside ? static_cast<std::size_t>(position) : counts.size() - 1;
    counts[bin] += 1;
  }
  return counts;
}

/// torch.linspace: counted from the nearer end. PyTorch's build for AVX2 fuses the product and the sum.
std::vector<float> linspace(float start, float end, int steps) {
  const float step = (end - start) / static_cast<float>(steps - 1);
  std::vector<float> values(static_cast<std::size_t>(steps));
  for (int i = 0; i < steps; ++i) {
    values[static_cast<std::size_t>(i)] = i < steps / 2 ? std::fma(step, static_cast<float>(i), start)
                                                        : std::fma(-step, static_cast<float>(steps - i - 1), end);
  }
  return values;
}

/// The counts of [old_min, old_max] over the bins of [new_min, new_max]: each bin as kUpsampleRate
/// slices that go where their middle falls.
std::vector<float> resample(const TorchHistogram& old, float new_min, float new_max) {
  constexpr int kSlices = TorchHistogram::kBins * kUpsampleRate;
  const std::vector<float> slices = linspace(old.min, old.max, kSlices + 1);
  const std::vector<float> borders = linspace(new_min, new_max, TorchHistogram::kBins + 1);
  const float half_slice = 0.5F * ((old.max - old.min) / static_cast<float>(kSlices));
  std::vector<float> counts(TorchHistogram::kBins);
  for (int i = 0; i < kSlices; ++i) {
    const float middle = slices[static_cast<std::size_t>(i)] + half_slice;
    const auto after = std::upper_bound(borders.begin(), borders.end(), middle) - borders.begin();
    const auto bin = std::clamp<std::ptrdiff_t>(after - 1, 0, TorchHistogram::kBins - 1);
    counts[static_cast<std::size_t>(bin)] += old.counts[static_cast<std::size_t>(i / kUpsampleRate)] / kUpsampleRate;
  }
  return counts;
}

}  // namespace

void TorchHistogram::observe(std::span<const float> values, float low, float high) {
  if (counts.empty()) {
    *this = {low, high, histc(values, low, high)};
    return;
  }
  const float new_min = std::min(min, low);
  const float new_max = std::max(max, high);
  std::vector<float> before = counts;
  if (new_min != min || new_max != max) {
    if (min == max) {
      const float total = torch_sum(counts);
      before = histc({&min, 1}, new_min, new_max);
      for (float& count : before) count *= total;
    } else {
      before = resample(*this, new_min, new_max);
    }
  }
  counts = histc(values, new_min, new_max);
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += before[i];
  min = new_min;
  max = new_max;
}

float torch_sum(std::span<const float> values) {
  constexpr std::size_t kLanes = 8;
  constexpr std::size_t kRows = 4;    // vectors that are summed side by side
  constexpr std::size_t kBlock = 16;  // vectors of a row that are summed before they join the row's total
  using Row = std::array<float, kLanes>;
  const auto add = [](Row& to, const float* from) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) to[lane] += from[lane];
  };
  // The reference sums in four levels of blocks; below 2^20 values only the first two are in use.
  const std::size_t vectors = values.size() / kLanes;
  const std::size_t length = vectors / kRows;  // of each row
  std::array<Row, kRows> totals{};
  std::array<Row, kRows> block{};
  for (std::size_t i = 0; i < length; ++i) {
    for (std::size_t row = 0; row < kRows; ++row) add(block[row], values.data() + (i * kRows + row) * kLanes);
    if ((i + 1) % kBlock != 0) continue;
    for (std::size_t row = 0; row < kRows; ++row) add(totals[row], block[row].data());
    block = {};
  }
  for (std::size_t row = 0; row < kRows; ++row) add(block[row], totals[row].data());
  for (std::size_t i = length * kRows; i < vectors; ++i) add(block[0], values.data() + i * kLanes);
  for (std::size_t row = 1; row < kRows; ++row) add(block[0], block[row].data());
  float sum = 0;
  for (std::size_t i = vectors * kLanes; i < values.size(); ++i) sum += values[i];
  for (const float lane : block[0]) sum += lane;
  return sum;
}

}  // namespace zeropoint
