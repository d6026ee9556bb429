#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernels/elementwise/binary.h"
#include "kernels/elementwise/unary.h"
#include "support/simd_targets.h"

namespace zeropoint {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

/// Ordinary and awkward values: ties, signed zeros, subnormals, switches between branches, limits.
std::vector<float> samples(std::size_t n) {
  std::vector<float> x = {0.0F,       -0.0F,   0.5F,  -0.5F,  1.5F,  2.5F,  -2.5F,  1.0F,       -1.0F,
                          0.625F,     -0.625F, 4.0F,  5.0F,   88.0F, 89.0F, -87.5F, -103.9F,    -105.0F,
                          1e-40F,     -1e-40F, 3e38F, -3e38F, kInf,  -kInf, kNan,   8388609.0F, 0.70710678F,
                          1.4142135F, 3.0F,    -3.0F, 6.0F,   1e-6F, -20.0F};
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 3);
  while (x.size() < n) x.push_back(normal(random));
  x.resize(n);
  return x;
}

UnaryParams params_of(UnaryF32 f) {
  switch (f) {
    case UnaryF32::clip:
      return {-1.0F, 2.0F};
    case UnaryF32::selu:
      return {1.67326319F, 1.05070102F};
    case UnaryF32::hard_sigmoid:
      return {0.2F, 0.5F};
    default:
      return {0.7F, 0};
  }
}

TEST(ElementwiseUnary, EveryTargetEqualsTheReferenceBitForBit) {
  const std::vector<float> x = samples(300);
  testing::for_each_target([&] {
    for (int i = 0; i < kUnaryF32Count; ++i) {
      const auto f = static_cast<UnaryF32>(i);
      for (const std::size_t n : {0, 1, 3, 15, 16, 17, 67, 299}) {
        std::vector<float> y(n + 2, 42);
        unary_f32(f, params_of(f), x.data() + 1, y.data() + 1, static_cast<std::int64_t>(n));
        for (std::size_t k = 0; k < n; ++k) {
          const float expected = reference::unary_f32(f, params_of(f), x[k + 1]);
          ASSERT_PRED2(same_bits, y[k + 1], expected) << "function " << i << " of " << x[k + 1];
        }
        EXPECT_EQ(y.front(), 42);
        EXPECT_EQ(y.back(), 42);
      }
    }
  });
}

struct Accuracy {
  UnaryF32 f;
  double (*exact)(double);
  double lowest, highest, ulps;
};

TEST(ElementwiseUnary, StaysWithinAFewUnitsOfTheExactValue) {
  const Accuracy cases[] = {
      {UnaryF32::exp, [](double x) { return std::exp(x); }, -87, 88, 2},
      {UnaryF32::log, [](double x) { return std::log(x); }, 1e-30, 1e4, 3},
      {UnaryF32::tanh, [](double x) { return std::tanh(x); }, -12, 12, 3},
      {UnaryF32::erf, [](double x) { return std::erf(x); }, -5, 5, 3},
      {UnaryF32::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, -80, 80, 3},
      {UnaryF32::softplus, [](double x) { return std::log1p(std::exp(x)); }, -80, 80, 3},
      {UnaryF32::softsign, [](double x) { return x / (1 + std::abs(x)); }, -80, 80, 2},
  };
  for (const Accuracy& c : cases) {
    constexpr int kSteps = 100000;
    double worst = 0;
    for (int i = 0; i <= kSteps; ++i) {
      const auto x = static_cast<float>(c.lowest + (c.highest - c.lowest) * i / kSteps);
      const double exact = c.exact(x);
      const float nearest = static_cast<float>(exact);
      const double unit = std::nextafter(std::abs(nearest), kInf) - std::abs(nearest);
      worst = std::max(worst, std::abs(reference::unary_f32(c.f, {}, x) - exact) / unit);
    }
    EXPECT_LT(worst, c.ulps) << "function " << static_cast<int>(c.f);
  }
}

TEST(ElementwiseUnary, Limits) {
  const auto f = [](UnaryF32 function, float x) { return reference::unary_f32(function, {}, x); };
  EXPECT_EQ(f(UnaryF32::exp, kInf), kInf);
  EXPECT_EQ(f(UnaryF32::exp, -kInf), 0);
  EXPECT_EQ(f(UnaryF32::log, 0), -kInf);
  EXPECT_TRUE(std::isnan(f(UnaryF32::log, -1)));
  EXPECT_EQ(f(UnaryF32::tanh, kInf), 1);
  EXPECT_EQ(f(UnaryF32::erf, -kInf), -1);
  EXPECT_EQ(f(UnaryF32::sigmoid, -kInf), 0);
  EXPECT_EQ(f(UnaryF32::round, 2.5F), 2);
}

TEST(ElementwiseBinary, EveryTargetEqualsTheReferenceForEveryBroadcast) {
  const std::vector<float> a = samples(400);
  std::vector<float> b(a.rbegin(), a.rend());
  struct Steps {
    std::int64_t a_row, a_col, b_row, b_col;
  };
  testing::for_each_target([&] {
    for (int i = 0; i < kBinaryF32Count; ++i) {
      const auto f = static_cast<BinaryF32>(i);
      for (const std::int64_t cols : {1, 3, 4, 7, 15, 16, 17, 35, 70}) {
        const Steps all[] = {{cols, 1, cols, 1}, {0, 0, cols, 1}, {cols, 1, 1, 0}, {0, 1, 1, 0}, {cols, 1, 0, 1}};
        for (const Steps& s : all) {
          constexpr std::int64_t kRows = 3;
          std::vector<float> y(static_cast<std::size_t>(kRows * cols) + 1, 42);
          binary_f32(f, {a.data() + 1, s.a_row, s.a_col}, {b.data() + 1, s.b_row, s.b_col}, y.data(), kRows, cols);
          for (std::int64_t r = 0; r < kRows; ++r) {
            for (std::int64_t c = 0; c < cols; ++c) {
              const float u = a[static_cast<std::size_t>(1 + r * s.a_row + c * s.a_col)];
              const float v = b[static_cast<std::size_t>(1 + r * s.b_row + c * s.b_col)];
              ASSERT_PRED2(same_bits, y[static_cast<std::size_t>(r * cols + c)], reference::binary_f32(f, u, v))
                  << "function " << i << " of " << u << ", " << v << ", " << cols << " columns";
            }
          }
          EXPECT_EQ(y.back(), 42);
        }
      }
    }
  });
}

TEST(ElementwiseBinary, WorksInPlace) {
  for (const std::int64_t n : {1, 5, 16, 20, 33, 100}) {
    std::vector<float> a(static_cast<std::size_t>(n), 2);
    const std::vector<float> b(static_cast<std::size_t>(n), 3);
    binary_f32(BinaryF32::mul, {a.data(), 0, 1}, {b.data(), 0, 1}, a.data(), 1, n);
    for (const float value : a) ASSERT_EQ(value, 6) << n;
  }
}

TEST(ElementwiseBinary, NanWinsInMaxAndMin) {
  for (const BinaryF32 f : {BinaryF32::max, BinaryF32::min}) {
    EXPECT_TRUE(std::isnan(reference::binary_f32(f, kNan, 1)));
    EXPECT_TRUE(std::isnan(reference::binary_f32(f, 1, kNan)));
  }
}

}  // namespace
}  // namespace zeropoint
