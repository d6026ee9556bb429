// torch_histogram against PyTorch itself: the numbers in torch_histogram.inc are what PyTorch's
// HistogramObserver chose for the same values (scripts/golden-torch-histogram.py).
#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

#include "observers/observer.h"
#include "observers/test_data.h"

namespace zeropoint {
namespace {

struct Golden {
  std::string kind;
  int samples;
  int elements;
  std::string type;
  std::uint64_t checksum;
  double histogram_min, histogram_max;
  double range_min, range_max;
  double scale;
  int zero_point;
};

const Golden kGolden[] = {
#include "torch_histogram.inc"
};

/// The values of sample() in the script, bit for bit.
std::vector<float> sample(const std::string& kind, int seed, int n) {
  testing::Uniform uniform(static_cast<std::uint64_t>(seed));
  testing::Uniform second(static_cast<std::uint64_t>(seed) + 1000);
  testing::Uniform third(static_cast<std::uint64_t>(seed) + 2000);
  std::vector<float> values(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    const double u = 2 * uniform() - 1;
    const double cubed = u * u * u;
    double x = 0.75;  // constant
    if (kind == "cubed") x = 4 * cubed;
    if (kind == "relu") x = std::max(6 * cubed, 0.0);
    if (kind == "outliers") x = i % 997 == 0 ? 50 * u : cubed;
    if (kind == "growing") x = cubed * (1 + seed % 8);
    if (kind == "shifted") x = 3 + cubed + seed % 4;
    if (kind == "ninth") x = 100 * (cubed * cubed * cubed);
    if (kind == "bell") x = u + (2 * second() - 1) + (2 * third() - 1);
    values[static_cast<std::size_t>(i)] = static_cast<float>(x);
  }
  return values;
}

SliceStatistics observe(const Golden& golden) {
  TensorStatistics seen({.histogram_bins = 0, .torch_histogram = true});
  for (int seed = 0; seed < golden.samples; ++seed) {
    seen.observe(testing::vector_of(sample(golden.kind, seed, golden.elements)));
  }
  return seen.slices().front();
}

TEST(TorchHistogram, IsPyTorchsNumberForNumber) {
  SliceStatistics seen;
  std::string observed;
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.kind + " " + std::to_string(golden.samples) + " x " + std::to_string(golden.elements) + " " +
                 golden.type);
    if (const std::string key = golden.kind + std::to_string(golden.elements * golden.samples); key != observed) {
      seen = observe(golden);
      observed = key;
    }
    const TorchHistogram& h = seen.torch_histogram;
    EXPECT_EQ(h.min, golden.histogram_min);
    EXPECT_EQ(h.max, golden.histogram_max);
    std::uint64_t checksum = 0;
    for (std::size_t i = 0; i < h.counts.size(); ++i) checksum += std::bit_cast<std::uint32_t>(h.counts[i]) * (i + 1);
    EXPECT_EQ(checksum, golden.checksum);

    const bool symmetric = golden.type == "i8s";
    const Scheme scheme{.dtype = symmetric ? DType::i8 : DType::u8, .symmetric = symmetric};
    const ObserverSpec& observer = find_observer("torch_histogram");
    const Range searched = observer.choose(seen, scheme, {}).range;
    EXPECT_EQ(searched.min, golden.range_min);
    EXPECT_EQ(searched.max, golden.range_max);
    const QParams chosen = choose_qparams(choose_range(observer, seen, scheme).range, scheme, Convention::torch);
    EXPECT_EQ(chosen.scale, golden.scale);
    EXPECT_EQ(chosen.zero_point, golden.zero_point);
  }
}

}  // namespace
}  // namespace zeropoint
