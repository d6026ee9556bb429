#include "kernels/grid_errors/grid_errors.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

std::vector<float> gaussian(std::int64_t n) {
  std::mt19937 random(static_cast<std::uint32_t>(n));
  std::normal_distribution<float> normal(0, 1);
  std::vector<float> x(static_cast<std::size_t>(n));
  for (float& v : x) v = normal(random);
  return x;
}

GridBatch some_grids() {
  GridBatch grids;
  for (int g = 0; g < kGridsAtOnce; ++g) {
    grids.scales[g] = 0.5F / static_cast<float>(g + 1);
    grids.lowest[g] = static_cast<float>(-8 - g);
    const int narrower = g / 4;
    grids.highest[g] = static_cast<float>(7 - narrower);
  }
  return grids;
}

TEST(GridErrors, AreThoseOfRoundingAndClipping) {
  GridBatch grids = some_grids();
  grids.scales[0] = 1;
  grids.lowest[0] = -2;
  grids.highest[0] = 1;
  const float x[] = {0.25F, -0.5F, 3, -2.5F};  // errors 0.25, 0.5 (to 0), 2 and 0.5 (clipped)
  double errors[kGridsAtOnce];
  grid_errors_f32(x, 4, grids, errors);
  EXPECT_EQ(errors[0], 0.0625 + 0.25 + 4 + 0.25);
  EXPECT_EQ(clipping_error_f32(x, 4, -2, 1), 4.25);
}

TEST(GridErrors, AreTheReferencesBitForBitOnEveryTarget) {
  const GridBatch grids = some_grids();
  testing::for_each_target([&] {
    for (const std::int64_t n : testing::awkward_sizes()) {
      const std::vector<float> x = gaussian(n);
      double got[kGridsAtOnce], want[kGridsAtOnce];
      grid_errors_f32(x.data(), n, grids, got);
      reference::grid_errors_f32(x.data(), n, grids, want);
      for (int g = 0; g < kGridsAtOnce; ++g) ASSERT_EQ(got[g], want[g]) << n << " values, grid " << g;
    }
  });
}

TEST(GridErrors, ClippingIsTheReferencesWithinRounding) {
  testing::for_each_target([] {
    for (const std::int64_t n : testing::awkward_sizes()) {
      const std::vector<float> x = gaussian(n);
      for (const auto& [low, high] : {std::pair{-1.0F, 0.5F}, {0.0F, 2.0F}, {0.25F, 0.5F}}) {
        const double want = reference::clipping_error_f32(x.data(), n, low, high);
        ASSERT_NEAR(clipping_error_f32(x.data(), n, low, high), want, 1e-5 * want) << n;
      }
    }
  });
}

}  // namespace
}  // namespace zeropoint
