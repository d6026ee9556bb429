#include "observers/observed_qparams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "data/convert.h"
#include "tensor/reals.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Tensor array_of(Shape shape, const std::vector<float>& values) {
  return Tensor::view(DType::f32, std::move(shape), values.data()).clone();
}

double squared_error(const Tensor& x, const TensorQParams& qparams) {
  const Tensor wide = dequantize(quantize(x, qparams), qparams, DType::f64);
  double sum = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double error = load_real(x.dtype(), x.raw(), i) - wide.data<double>()[i];
    sum += error * error;
  }
  return sum;
}

/// Of 6 x 40 values: some normal, some whole numbers, some with outliers, some all positive.
Tensor random_array(unsigned seed, DType dtype) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  const float spread = std::exp2(static_cast<float>(static_cast<int>(random() % 12) - 6));
  std::vector<float> values(240);
  for (float& value : values) {
    value = spread * normal(random);
    if (seed % 4 == 1) value = std::round(value);
    if (seed % 4 == 2 && random() % 50 == 0) value *= 20;
    if (seed % 4 == 3) value = std::abs(value);
  }
  return convert(array_of({6, 40}, values), dtype, "x");
}

std::vector<Scheme> schemes() {
  std::vector<Scheme> all;
  for (const DType dtype : {DType::i8, DType::u8, DType::i4, DType::i2, DType::i16, DType::u16, DType::f8e4m3fn}) {
    for (const bool symmetric : {false, true}) {
      const Scheme scheme{.dtype = dtype, .symmetric = symmetric};
      all.push_back(scheme);
      all.push_back(scheme);
      all.back().granularity = Granularity::per_axis;
      all.push_back(scheme);
      all.back().granularity = Granularity::blocked;
      all.back().axis = 1;
      all.back().block_size = 16;
    }
  }
  return all;
}

TEST(ObservedQParams, LeastSquaresIsNeverWorseThanTheFullRange) {
  const ObserverSpec& mse = find_observer("mse");
  int better = 0;
  for (unsigned seed = 0; seed < 4; ++seed) {
    for (const DType dtype : {DType::f16, DType::f64}) {
      const Tensor x = random_array(seed, dtype);
      for (const Scheme& scheme : schemes()) {
        const double full = squared_error(x, choose_tensor_qparams(x, scheme));
        const double least = squared_error(x, choose_observed_qparams(x, scheme, mse));
        EXPECT_LE(least, full) << "seed " << seed << ", " << name(dtype) << " to " << name(scheme.dtype) << " "
                               << name(scheme.granularity);
        better += least < 0.9 * full ? 1 : 0;
      }
    }
  }
  EXPECT_GT(better, 50);  // of 336: it is not minmax by another name
}

TEST(ObservedQParams, TheTypeOfTheArrayDoesNotChangeTheGrid) {
  const Tensor narrow = random_array(0, DType::f16);
  for (const std::string_view observer : {"mse", "percentile", "entropy", "n_std", "minmax"}) {
    const auto scales = [&](DType dtype) {
      const Tensor x = convert(narrow, dtype, "x");
      const Tensor scale =
          choose_observed_qparams(x, {.granularity = Granularity::per_axis}, find_observer(observer)).scales;
      return std::vector<float>(scale.data<float>(), scale.data<float>() + scale.size());
    };
    EXPECT_EQ(scales(DType::f16), scales(DType::f32)) << observer;
    EXPECT_EQ(scales(DType::f64), scales(DType::f32)) << observer;
  }
}

TEST(ObservedQParams, EachBlockIsObservedByItself) {
  std::vector<float> values(64, 0.5F);
  for (int i = 0; i < 64; i += 2) values[static_cast<std::size_t>(i)] = i < 32 ? -1.0F : -8.0F;
  const Tensor x = array_of({64}, values);
  const TensorQParams qparams = choose_observed_qparams(
      x, {.symmetric = true, .granularity = Granularity::blocked, .block_size = 32}, find_observer("n_std"));
  ASSERT_EQ(qparams.scales.size(), 2);
  EXPECT_GT(qparams.scales.data<float>()[1], 4 * qparams.scales.data<float>()[0]);
}

TEST(ObservedQParams, WhatIsNotFiniteIsRefusedOrLeftOut) {
  const Tensor x = Tensor::of<float>({4}, {1, kNan, 2, -1});
  try {
    choose_observed_qparams(x, {}, find_observer("mse"), Convention::onnx, {.name = "x.npy"});
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("x.npy: "));
  }
  const TensorQParams qparams =
      choose_observed_qparams(x, {}, find_observer("mse"), Convention::onnx, {.nan = NanPolicy::zero});
  EXPECT_LT(qparams.scales.data<float>()[0], 4.0F / 255);
}

TEST(ObservedQParams, ValuesBeyondFloat32DoNotStopAnObserver) {
  const Tensor x = Tensor::of<double>({3}, {-1e-60, 2e30, 1e37});
  EXPECT_GT(choose_observed_qparams(x, {}, find_observer("percentile")).scales.data<float>()[0], 1e34F);
}

}  // namespace
}  // namespace zeropoint
