#include "kernels/pool/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

template <class T>
std::vector<T> random_values(std::size_t count) {
  std::mt19937 random(7);
  std::vector<T> values(count);
  for (T& v : values) v = static_cast<T>(static_cast<int>(random() % 251) - 125);
  return values;
}

std::size_t input_size(const PoolGeometry& g) {
  return static_cast<std::size_t>(g.batch * g.input[0] * g.input[1] * g.input[2] * g.channels);
}
std::size_t output_size(const PoolGeometry& g) {
  return static_cast<std::size_t>(g.batch * g.output[0] * g.output[1] * g.output[2] * g.channels);
}

PoolGeometry padded_geometry(std::int64_t channels) {
  return {.batch = 2,
          .channels = channels,
          .input = {3, 6, 7},
          .output = {2, 4, 4},
          .kernel = {2, 3, 3},
          .strides = {2, 2, 2},
          .dilations = {1, 1, 2},
          .pads_begin = {1, 1, 2},
          .pads_end = {0, 2, 3}};
}

TEST(Pool, MaxAndAverageOfARow) {
  const std::vector<float> x = {1, 5, 2, 8};
  std::vector<float> y(3);
  const PoolGeometry g{.input = {1, 1, 4},
                       .output = {1, 1, 3},
                       .kernel = {1, 1, 2},
                       .strides = {1, 1, 2},
                       .pads_begin = {0, 0, 1},
                       .pads_end = {0, 0, 1}};
  max_pool(g, x.data(), y.data());
  EXPECT_THAT(y, ElementsAre(1, 5, 8));
  average_pool(g, PoolDivisor::inside, x.data(), y.data());
  EXPECT_THAT(y, ElementsAre(1, 3.5F, 8));
  average_pool(g, PoolDivisor::with_padding, x.data(), y.data());
  EXPECT_THAT(y, ElementsAre(0.5F, 3.5F, 4));
}

TEST(Pool, AWindowThatLeavesThePaddingDividesByWhatItCovers) {
  const std::vector<float> x = {1, 2, 3};
  std::vector<float> y(2);
  const PoolGeometry g{.input = {1, 1, 3}, .output = {1, 1, 2}, .kernel = {1, 1, 2}, .strides = {1, 1, 2}};
  average_pool(g, PoolDivisor::with_padding, x.data(), y.data());
  EXPECT_THAT(y, ElementsAre(1.5F, 3));
}

template <class T>
void expect_max_like_reference() {
  for (const std::int64_t channels : {1, 3, 4, 15, 16, 17, 31, 64, 67, 200, 300}) {
    const PoolGeometry g = padded_geometry(channels);
    const std::vector<T> x = random_values<T>(input_size(g));
    std::vector<T> y(output_size(g)), expected = y;
    max_pool(g, x.data(), y.data());
    reference::max_pool(g, x.data(), expected.data());
    ASSERT_EQ(y, expected) << channels;
  }
}

TEST(Pool, MaxAgreesWithTheReferenceBitForBit) {
  expect_max_like_reference<float>();
  expect_max_like_reference<std::uint8_t>();
  expect_max_like_reference<std::int8_t>();
}

TEST(Pool, AverageAgreesWithTheReferenceBitForBit) {
  for (const PoolDivisor divisor : {PoolDivisor::inside, PoolDivisor::with_padding}) {
    for (const std::int64_t channels : {1, 3, 4, 15, 16, 17, 33, 300}) {
      const PoolGeometry g = padded_geometry(channels);
      const std::vector<float> x = random_values<float>(input_size(g));
      std::vector<float> y(output_size(g)), expected = y;
      average_pool(g, divisor, x.data(), y.data());
      reference::average_pool(g, divisor, x.data(), expected.data());
      ASSERT_EQ(y, expected) << channels;
    }
  }
}

}  // namespace
}  // namespace zeropoint
