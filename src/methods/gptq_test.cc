#include "methods/gptq.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "kernels/dense/dense.h"
#include "kernels/minmax/minmax.h"
#include "methods/matrix_grid.h"
#include "methods/round_to_nearest.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

Tensor gaussian(std::int64_t rows, std::int64_t columns, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 1);
  Tensor x = Tensor::allocate(DType::f32, {rows, columns});
  for (float& value : x.mutable_values<float>()) value = normal(random);
  return x;
}

/// The Hessian of inputs that share a few directions, as those of real layers do.
Tensor correlated_hessian(std::int64_t n, unsigned seed) {
  const std::int64_t rows = 2 * n;
  Tensor x = gaussian(rows, n, seed);
  const Tensor shared = gaussian(rows, 4, seed + 1);
  float* to = x.mutable_data<float>();
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < n; ++c) {
      to[r * n + c] = (0.2F + 0.01F * static_cast<float>(c % 7)) * to[r * n + c] + shared.data<float>()[r * 4 + c % 4];
    }
  }
  GramMatrix gram(n);
  gram.add(to, rows, n);
  return gram.finish(2.0F / static_cast<float>(rows));
}

/// GPTQ as its derivation says it, in float64: after each column the inverse of the Hessian loses that column.
/// Columns in order, groups from the weights as they are when the group begins. Returns the codes.
std::vector<int> plain_gptq(const Tensor& weight, const Tensor& hessian, const GptqOptions& options) {
  const auto rows = static_cast<std::size_t>(weight.dim(0));
  const auto n = static_cast<std::size_t>(weight.dim(1));
  const float* h = hessian.data<float>();
  double mean = 0;
  for (std::size_t i = 0; i < n; ++i) mean += double{h[i * n + i]} / static_cast<double>(n);
  std::vector<double> a(h, h + n * n);
  std::vector<double> inverse(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    a[i * n + i] += options.damping * mean;
    inverse[i * n + i] = 1;
  }
  for (std::size_t k = 0; k < n; ++k) {  // Gauss and Jordan, without pivoting: a is positive definite
    const double pivot = a[k * n + k];
    for (std::size_t c = 0; c < n; ++c) {
      a[k * n + c] /= pivot;
      inverse[k * n + c] /= pivot;
    }
    for (std::size_t r = 0; r < n; ++r) {
      const double factor = r == k ? 0 : a[r * n + k];
      for (std::size_t c = 0; c < n; ++c) {
        a[r * n + c] -= factor * a[k * n + c];
        inverse[r * n + c] -= factor * inverse[k * n + c];
      }
    }
  }
  const MatrixGridRule rule(gptq_scheme(options));
  const std::size_t group = options.block_size > 0 ? static_cast<std::size_t>(options.block_size) : n;
  std::vector<double> w(weight.data<float>(), weight.data<float>() + rows * n);
  std::vector<QParams> grids(rows);
  std::vector<int> codes(rows * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t r = 0; r < rows; ++r) {
      double* row = w.data() + r * n;
      if (i % group == 0) {
        const auto [low, high] = std::minmax_element(row + i, row + std::min(n, i + group));
        grids[r] = rule(static_cast<float>(*low), static_cast<float>(*high));
      }
      const double scale = grids[r].scale;
      const double q = std::clamp(std::nearbyint(row[i] / scale) + grids[r].zero_point, double(rule.codes().min),
                                  double(rule.codes().max));
      codes[r * n + i] = static_cast<int>(q);
      const double error = (row[i] - scale * (q - grids[r].zero_point)) / inverse[i * n + i];
      for (std::size_t j = i + 1; j < n; ++j) row[j] -= error * inverse[i * n + j];
    }
    const std::vector<double> line(inverse.begin() + static_cast<std::ptrdiff_t>(i * n),
                                   inverse.begin() + static_cast<std::ptrdiff_t>(i * n + n));
    for (std::size_t r = i; r < n; ++r) {
      for (std::size_t c = i; c < n; ++c) inverse[r * n + c] -= line[r] * line[c] / line[i];
    }
  }
  return codes;
}

double share_of_equal_codes(const QuantizedMatrix& matrix, const std::vector<int>& codes) {
  const auto values = matrix.codes.values<std::int8_t>();
  std::size_t equal = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) equal += values[i] == codes[i] ? 1 : 0;
  return static_cast<double>(equal) / static_cast<double>(codes.size());
}

double loss(const Tensor& weight, const Tensor& hessian, const QuantizedMatrix& matrix) {
  Tensor d = dequantize(matrix);
  for (std::int64_t i = 0; i < d.size(); ++i) d.mutable_data<float>()[i] -= weight.data<float>()[i];
  std::vector<double> forms(static_cast<std::size_t>(matrix.rows));
  reference::quadratic_forms(d.data<float>(), matrix.columns, matrix.rows, hessian.data<float>(), matrix.columns,
                             forms.data());
  return std::accumulate(forms.begin(), forms.end(), 0.0);
}

std::string error_of(const Tensor& weight, const Tensor& hessian, const GptqOptions& options) {
  try {
    gptq(weight, hessian, options, "layer.weight");
  } catch (const Error& e) {
    return e.where() + ": " + std::string(e.message());
  }
  return "no error";
}

TEST(Gptq, CompensatesInTheColumnThatIsCorrelated) {
  // The first two inputs are always equal, so only w0 + w1 counts. Rounded alone, 0.4 and 0.4 lose 0.8 of it. The
  // largest weight makes the scale 1 and loses 0.5.
  const Tensor weight = Tensor::of<float>({1, 3}, {0.4F, 0.4F, 7.5F});
  const Tensor hessian = Tensor::of<float>({3, 3}, {1, 1, 0, 1, 1, 0, 0, 0, 1});
  const GptqResult result = gptq(weight, hessian, {.bits = 4, .clip_search = false}, "w");
  const auto codes = result.matrix.codes.values<std::int8_t>();
  EXPECT_EQ(std::vector<int>(codes.begin(), codes.end()), (std::vector<int>{0, 1, 7}));
  EXPECT_NEAR(result.report.rounding_loss, 0.64 + 0.25, 1e-5);
  EXPECT_NEAR(result.report.loss, 0.04 + 0.25, 1e-5);
}

TEST(Gptq, IsPlainRoundingWhenInputsAreIndependent) {
  const Tensor weight = gaussian(20, 40, 1);
  Tensor hessian = Tensor::zeros(DType::f32, {40, 40});
  for (std::int64_t i = 0; i < 40; ++i) hessian.mutable_data<float>()[i * 41] = static_cast<float>(1 + i);
  const GptqResult result = gptq(weight, hessian, {.bits = 4, .block_size = 8}, "w");
  const QuantizedMatrix rounded = round_to_nearest(weight, result.matrix.scheme, {.clip_search = true}, "w");
  EXPECT_TRUE(std::ranges::equal(result.matrix.codes.values<std::int8_t>(), rounded.codes.values<std::int8_t>()));
  EXPECT_EQ(result.report.loss, result.report.rounding_loss);
}

TEST(Gptq, FollowsItsDerivation) {
  for (const std::int64_t block_size : {0, 48, 240 / 2}) {
    for (const bool symmetric : {true, false}) {
      const GptqOptions options{.bits = 4, .block_size = block_size, .symmetric = symmetric, .clip_search = false};
      const Tensor weight = gaussian(100, 240, 2);
      const Tensor hessian = correlated_hessian(240, 3);
      GptqOptions alone = options;
      alone.compares_with_rounding = false;
      const GptqResult result = gptq(weight, hessian, alone, "w");
      // A weight that float32 puts on the other side of a tie changes its row from there on.
      EXPECT_GT(share_of_equal_codes(result.matrix, plain_gptq(weight, hessian, options)), 0.97)
          << "blocks of " << block_size << (symmetric ? ", symmetric" : ", affine");
    }
  }
}

TEST(Gptq, IsNeverWorseThanRoundingAndUsuallyMuchBetter) {
  set_num_threads(1);  // many small matrices
  const Tensor weight = gaussian(30, 192, 4);
  const Tensor hessian = correlated_hessian(192, 5);
  for (const int bits : {2, 3, 4, 8}) {
    for (const std::int64_t block_size : {0, 32, 96}) {
      for (const bool symmetric : {true, false}) {
        for (const int order : {0, 1, 2}) {
          const GptqOptions options{.bits = bits,
                                    .block_size = block_size,
                                    .symmetric = symmetric,
                                    .act_order = order > 0,
                                    .static_groups = order == 2,
                                    .clip_search = bits == 3};
          const GptqResult result = gptq(weight, hessian, options, "w");
          SCOPED_TRACE(testing::Message() << bits << " bits, blocks of " << block_size << ", order " << order);
          check_matrix(result.matrix, "w");
          EXPECT_EQ(result.matrix.scheme, gptq_scheme(options));
          EXPECT_NEAR(result.report.loss / loss(weight, hessian, result.matrix), 1, 1e-4);
          EXPECT_LE(result.report.loss, 0.8 * result.report.rounding_loss);
        }
      }
    }
  }
  set_num_threads(0);
}

TEST(Gptq, ComparesWithRoundingOnTheSameRule) {
  const Tensor weight = gaussian(10, 64, 6);
  const Tensor hessian = correlated_hessian(64, 7);
  const GptqResult result = gptq(weight, hessian, {.bits = 4, .block_size = 32}, "w");
  EXPECT_NEAR(result.report.rounding_loss /
                  loss(weight, hessian, round_to_nearest(weight, result.matrix.scheme, {.clip_search = true}, "w")),
              1, 1e-4);
}

TEST(Gptq, KeepsOneGridForTheWholeMatrix) {
  const Tensor weight = gaussian(20, 64, 6);
  const GptqResult result = gptq(weight, correlated_hessian(64, 7), {.bits = 4, .per_tensor = true}, "w");
  EXPECT_EQ(result.matrix.scales.shape(), (Shape{1, 1}));
  EXPECT_LT(result.report.loss, 0.8 * result.report.rounding_loss);
}

TEST(Gptq, LetsTheLastBlockBeShort) {
  const Tensor weight = gaussian(20, 172, 8);
  const GptqResult result =
      gptq(weight, correlated_hessian(172, 9), {.bits = 4, .block_size = 32, .short_block = true}, "w");
  EXPECT_EQ(result.matrix.scales.shape(), (Shape{20, 6}));
  EXPECT_LT(result.report.loss, 0.8 * result.report.rounding_loss);
}

TEST(Gptq, RoundsScalesToTheTypeThatTheFileHas) {
  const Tensor weight = gaussian(4, 32, 8);
  const GptqResult result = gptq(weight, correlated_hessian(32, 9),
                                 {.bits = 4, .block_size = 16, .storage = {.scale_type = DType::bf16}}, "w");
  for (const float scale : result.matrix.scales.values<float>()) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &scale, sizeof bits);
    EXPECT_EQ(bits & 0xFFFFU, 0U);
  }
}

TEST(Gptq, DropsTheWeightsOfInputsThatAreAlwaysZero) {
  Tensor weight = gaussian(5, 16, 10);
  Tensor hessian = correlated_hessian(16, 11);
  float* h = hessian.mutable_data<float>();
  for (std::int64_t i = 0; i < 16; ++i) h[3 * 16 + i] = h[i * 16 + 3] = 0;
  for (std::int64_t r = 0; r < 5; ++r) weight.mutable_data<float>()[r * 16 + 3] = 100;  // would widen the grid
  const GptqResult result = gptq(weight, hessian, {.bits = 4}, "w");
  EXPECT_EQ(result.report.dead_columns, 1);
  for (std::int64_t r = 0; r < 5; ++r) EXPECT_EQ(result.matrix.codes.data<std::int8_t>()[r * 16 + 3], 0);
}

TEST(Gptq, RoundsWhenNoInputWasEverSeen) {
  const Tensor weight = gaussian(5, 16, 12);
  const GptqResult result = gptq(weight, Tensor::zeros(DType::f32, {16, 16}), {.bits = 4}, "w");
  const QuantizedMatrix rounded = round_to_nearest(weight, result.matrix.scheme, {.clip_search = true}, "w");
  EXPECT_TRUE(std::ranges::equal(result.matrix.codes.values<std::int8_t>(), rounded.codes.values<std::int8_t>()));
  EXPECT_EQ(result.report.rounded_rows, 5);
}

TEST(Gptq, RaisesTheDampingUntilTheHessianHasAFactor) {
  const Tensor weight = gaussian(5, 8, 13);
  Tensor hessian = Tensor::allocate(DType::f32, {8, 8});  // rank 1: singular without damping
  for (float& h : hessian.mutable_values<float>()) h = 1;
  const GptqResult result = gptq(weight, hessian, {.bits = 4, .damping = 0}, "w");
  EXPECT_GT(result.report.damping, 0);
  EXPECT_GE(result.report.damping_raises, 1);
  EXPECT_LE(result.report.loss, result.report.rounding_loss);
}

TEST(Gptq, RefusesWhatItCannotQuantize) {
  const Tensor weight = gaussian(2, 6, 14);
  Tensor hessian = correlated_hessian(6, 15);
  EXPECT_EQ(error_of(weight, hessian, {.bits = 4, .block_size = 4}),
            "layer.weight: it has 6 inputs, which blocks of 4 do not divide");
  EXPECT_EQ(error_of(weight, hessian, {.bits = 5}), "--bits: weights have 8, 4, 3 or 2 bits, not 5");
  EXPECT_EQ(error_of(weight, hessian, {.bits = 4, .damping = -1}), "--damping: -1 is not a number of at least 0");
  EXPECT_EQ(error_of(weight, hessian, {.bits = 4, .block_size = 2, .per_tensor = true}),
            "--per-tensor: contradicts --block-size 2");
  Tensor broken = weight.clone();
  broken.mutable_data<float>()[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(error_of(broken, hessian, {.bits = 4}),
            "layer.weight: has a NaN at [1, 1] (1 of 12 values), which has no code");
  hessian.mutable_data<float>()[3 * 6 + 2] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(
      error_of(weight, hessian, {.bits = 4}),
      "layer.weight: its Hessian has an infinity at [3, 2]: the inputs of calibration are not finite, or too large");
  hessian = correlated_hessian(6, 15);
  hessian.mutable_data<float>()[0] = -1;
  EXPECT_EQ(error_of(weight, hessian, {.bits = 4}), "layer.weight: its Hessian has -1 on the diagonal, at [0, 0]");
}

TEST(Gptq, GivesTheSameBytesForAnyNumberOfThreads) {
  const Tensor weight = gaussian(300, 200, 16);
  const Tensor hessian = correlated_hessian(200, 17);
  const auto run = [&](int threads) {
    set_num_threads(threads);
    GptqResult result = gptq(weight, hessian, {.bits = 4, .block_size = 40}, "w");
    set_num_threads(0);
    return result;
  };
  const GptqResult one = run(1);
  const GptqResult four = run(4);
  EXPECT_TRUE(std::ranges::equal(one.matrix.codes.values<std::int8_t>(), four.matrix.codes.values<std::int8_t>()));
  EXPECT_TRUE(std::ranges::equal(one.matrix.scales.values<float>(), four.matrix.scales.values<float>()));
  EXPECT_EQ(one.report.loss, four.report.loss);
}

}  // namespace
}  // namespace zeropoint
