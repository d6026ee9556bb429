#include "methods/gptq_cost.h"

#include <gmock/gmock.h>

#include "support/two_layers.h"

namespace zeropoint {
namespace {

using testing::samples;
using testing::two_layers;

TEST(GptqCost, IsKnownFromSizes) {
  const Model model = two_layers();
  const GptqCost cost = gptq_cost(model, samples(), {});
  // The second layer: 16 rows of 6 inputs, of 4 before it, and of 4 in and behind the residual stream; the Hessian, its
  // factor and half of it; per weight three floats and two codes.
  EXPECT_EQ(cost.memory, 4U * (16 * (6 + 4 + 2 * 4) + 2 * 36 + 18 + 3 * 18) + 2 * 18);
  EXPECT_EQ(cost.grid_weights, 2 * (24 + 18));
  // Forward passes and Hessians of 16 rows; factors, sweeps and losses.
  EXPECT_DOUBLE_EQ(cost.multiply_adds, 16 * (24 + 18 + (16 + 36) / 2.0) + (64 + 216) / 3.0 + 1.5 * (6 * 16 + 3 * 36));
  EXPECT_GT(gptq_seconds(cost, model, {}), 0);
  EXPECT_EQ(gptq_cost(model, samples(), {.keep = [](const std::string&) { return "stays"; }}).memory, 0U);
}

}  // namespace
}  // namespace zeropoint
