// Fourier transforms, windows and mel filters.
#include <gtest/gtest.h>

#include "support/run_op.h"

namespace zeropoint {
namespace {

using testing::error_of;
using testing::OpCall;
using testing::run_op;

Tensor values(const Shape& shape, std::initializer_list<float> numbers) { return Tensor::of<float>(shape, numbers); }
Tensor number(std::int64_t value) { return Tensor::scalar(value); }

void expect_near(const Tensor& actual, const std::vector<float>& expected) {
  ASSERT_EQ(actual.size(), static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual.data<float>()[i], expected[i], 1e-6) << i;
}

TEST(DFT, OfARealSignalAndBack) {
  const Tensor x = values({1, 4, 1}, {1, 2, 3, 4});
  const Tensor y = run_op({"DFT", {x}, {}, 20})[0];
  expect_near(y, {10, 0, -2, 2, -2, 0, -2, -2});
  expect_near(run_op({"DFT", {y}, {{"inverse", std::int64_t{1}}}, 20})[0], {1, 0, 2, 0, 3, 0, 4, 0});
  const Tensor half = run_op({"DFT", {x}, {{"onesided", std::int64_t{1}}}, 20})[0];
  expect_near(half, {10, 0, -2, 2, -2, 0});
  const Tensor back = run_op({"DFT", {half}, {{"onesided", std::int64_t{1}}, {"inverse", std::int64_t{1}}}, 20})[0];
  EXPECT_EQ(back.shape(), (Shape{1, 4, 1}));
  expect_near(back, {1, 2, 3, 4});
}

TEST(DFT, PadsOrCutsTheSignalToTheLength) {
  expect_near(run_op({"DFT", {values({1, 1, 1}, {1}), number(2)}, {}, 20})[0], {1, 0, 1, 0});
  expect_near(run_op({"DFT", {values({1, 3, 1}, {1, 2, 4}), number(1)}, {}, 20})[0], {1, 0});
  EXPECT_EQ(error_of({"DFT", {values({1, 1, 1}, {1}), number(0)}, {}, 20}),
            "node 'test' (DFT): the length 0 is outside [1, 268435456]");
  EXPECT_EQ(error_of({"DFT", {values({1, 1, 1}, {1}), {}, number(2)}, {}, 20}),
            "node 'test' (DFT): axis 2 holds the parts of complex numbers");
}

TEST(STFT, TransformsWindowedFrames) {
  const OpCall call = {"STFT", {values({1, 3, 1}, {1, 2, 3}), number(1), values({2}, {1, 2})}, {}, 17};
  const Tensor y = run_op(call)[0];
  EXPECT_EQ(y.shape(), (Shape{1, 2, 2, 2}));
  expect_near(y, {5, 0, -3, 0, 8, 0, -4, 0});
  EXPECT_EQ(error_of({"STFT", {values({1, 3, 1}, {1, 2, 3}), number(0)}, {}, 17}),
            "node 'test' (STFT): frame_step is 0");
}

TEST(Windows, PeriodicAndSymmetric) {
  expect_near(run_op({"HannWindow", {number(4)}, {}, 17})[0], {0, 0.5, 1, 0.5});
  expect_near(run_op({"HannWindow", {number(3)}, {{"periodic", std::int64_t{0}}}, 17})[0], {0, 1, 0});
  expect_near(run_op({"HammingWindow", {number(2)}, {}, 17})[0], {4.0F / 46, 1});
  expect_near(run_op({"BlackmanWindow", {number(2)}, {}, 17})[0], {0, 1});
  EXPECT_EQ(error_of({"HannWindow", {number(-1)}, {}, 17}),
            "node 'test' (HannWindow): the output would have the negative dimension -1");
}

TEST(MelWeightMatrix, HasOneTrianglePerBand) {
  const auto call = [](float high) {
    return OpCall{
        "MelWeightMatrix", {number(1), number(8), number(8000), Tensor::scalar(0.0F), Tensor::scalar(high)}, {}, 17};
  };
  const Tensor weights = run_op(call(4000))[0];
  EXPECT_EQ(weights.shape(), (Shape{5, 1}));
  expect_near(weights, {1, 0.5, 0, 0, 0});  // corners at 0, 620 and 1790 Hz: bins 0, 0 and 2
  EXPECT_EQ(error_of(call(80000)), "node 'test' (MelWeightMatrix): band 2 lies outside the spectrum of 5 bins");
}

}  // namespace
}  // namespace zeropoint
