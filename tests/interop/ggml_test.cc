// The block formats of GGUF against ggml itself: the same bytes from the same floats, the same floats from the same
// bytes. The library is loaded from ZEROPOINT_GGML.
#include "kernels/ggml/ggml.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "frontends/onnx.h"
#include "support/assets.h"
#include "support/ggml_library.h"
#include "support/ggml_types.h"

namespace zeropoint {
namespace {

using kernels::GgmlType;
using testing::GgmlLibrary;

constexpr std::int64_t kColumns = 768;
constexpr std::int64_t kRows = 17;

constexpr const char* kNoLibrary = "skipped: no library of ggml (ZEROPOINT_GGML=$(scripts/fetch-ggml))";

struct Input {
  std::string name;
  std::vector<float> values;
};

/// Kinds of matrices: how weights look, and what a search for a scale may stumble over.
std::vector<Input> inputs() {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<float> uniform(0, 1);
  std::cauchy_distribution<float> cauchy;
  std::vector<Input> all;
  const auto fill = [&](const std::string& name, const std::function<double(std::size_t)>& value) {
    constexpr double kLargest = std::numeric_limits<float>::max();
    std::vector<float> values(kRows * kColumns);
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(std::clamp(value(i), -kLargest, kLargest));
    }
    all.push_back({name, values});
  };
  const auto patch_exponent = [](double lowest, double highest, std::size_t i) {  // one per 16 values
    std::minstd_rand patch(static_cast<unsigned>(i / 16 + 1));
    patch.discard(3);
    return lowest + (highest - lowest) * static_cast<double>(patch()) / std::minstd_rand::max();
  };
  fill("normal", [&](auto) { return normal(random) * 0.02; });
  fill("heavy-tailed", [&](auto) { return cauchy(random); });
  fill("positive", [&](auto) { return uniform(random); });
  fill("far from zero", [&](auto) { return -10 - 0.01 * normal(random); });
  fill("constant", [](auto) { return 0.37; });
  fill("negative constant", [](auto) { return -0.37; });
  fill("zero", [](auto) { return 0.0; });
  fill("zeros of both signs", [&](auto) { return uniform(random) < 0.5 ? 0.0 : -0.0; });
  fill("ties", [&](auto) { return std::floor(uniform(random) * 33) / 2 - 8; });
  fill("one magnitude", [&](auto) { return uniform(random) < 0.5 ? 0.5 : -0.5; });
  fill("sparse", [&](auto) { return uniform(random) < 0.05 ? normal(random) : 0.0; });
  fill("outliers", [&](auto) { return normal(random) * (uniform(random) < 0.01 ? 1000 : 1); });
  fill("subnormal", [&](auto) { return normal(random) * 1e-40; });
  for (const int exponent : {-30, -20, -15, -12, -7, -6, -5, 5, 10, 18, 37}) {
    fill("normal * 1e" + std::to_string(exponent), [&](auto) { return normal(random) * std::pow(10.0, exponent); });
  }
  fill("largest", [&](auto) { return uniform(random) < 0.5 ? 1e39 : -1e39; });
  fill("patches", [&](auto i) { return normal(random) * std::pow(10.0, patch_exponent(-4, 4, i)); });
  fill("wild patches", [&](auto i) { return normal(random) * std::pow(10.0, patch_exponent(-30, 20, i)); });
  fill("any exponent", [&](auto) { return normal(random) * std::pow(10.0, 75 * uniform(random) - 45); });
  return all;
}

std::vector<Input> importances() {
  std::mt19937 random(6);
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<float> uniform(0, 1);
  std::vector<Input> all = {{"no importance", {}}};
  const auto fill = [&](const std::string& name, const std::function<double()>& value) {
    std::vector<float> values(kColumns);
    for (float& weight : values) weight = static_cast<float>(value());
    all.push_back({name, values});
  };
  fill("unit importance", [] { return 1.0; });
  fill("mean squares", [&] { return std::pow(normal(random), 2); });
  fill("no importance at all", [] { return 0.0; });
  fill("sparse importance", [&] { return uniform(random) < 0.1 ? 1.0 : 0.0; });
  fill("wide importance", [&] { return std::pow(10.0, 24 * uniform(random) - 12); });
  return all;
}

void expect_same(const GgmlLibrary& ggml, GgmlType type, const Input& input, const Input& importance) {
  const auto n = static_cast<std::int64_t>(input.values.size());
  const std::size_t block_bytes = ggml_block_bytes(type);
  const auto size = static_cast<std::size_t>(n / ggml_block_size(type)) * block_bytes;
  std::vector<std::byte> ours(size);
  std::vector<std::byte> theirs(size);
  ggml_quantize(type, input.values.data(), n / kColumns, kColumns, importance.values, ours.data());
  ggml.quantize(type, input.values.data(), n / kColumns, kColumns,
                importance.values.empty() ? nullptr : importance.values.data(), theirs.data());
  const auto [at, other] = std::ranges::mismatch(ours, theirs);
  ASSERT_TRUE(at == ours.end()) << name(type) << " of " << input.name << " with " << importance.name << ": block "
                                << static_cast<std::size_t>(at - ours.begin()) / block_bytes << " differs";
  if (ggml_block_size(type) == 1) return;
  std::vector<float> our_values(input.values.size());
  std::vector<float> their_values(input.values.size());
  ggml_dequantize(type, theirs.data(), n, our_values.data());
  ggml.dequantize(type, theirs.data(), n, their_values.data());
  for (std::size_t i = 0; i < our_values.size(); ++i) {
    const bool both_nan = std::isnan(our_values[i]) && std::isnan(their_values[i]);
    ASSERT_TRUE(both_nan ||
                std::bit_cast<std::uint32_t>(our_values[i]) == std::bit_cast<std::uint32_t>(their_values[i]))
        << name(type) << " of " << input.name << ", value " << i << ": " << our_values[i] << ", " << their_values[i];
  }
}

TEST(GgmlInterop, BlocksAndValuesAreTheSame) {
  const GgmlLibrary ggml;
  if (!ggml.is_loaded()) GTEST_SKIP() << kNoLibrary;
  const std::vector<Input> weights = importances();
  for (const Input& input : inputs()) {
    for (const Input& importance : weights) {
      for (const GgmlType type : testing::ggml_types()) {
        if (type != GgmlType::f32) expect_same(ggml, type, input, importance);
      }
    }
  }
}

TEST(GgmlInterop, BlocksOfARealModelAreTheSame) {
  const GgmlLibrary ggml;
  if (!ggml.is_loaded()) GTEST_SKIP() << kNoLibrary;
  ZEROPOINT_NEEDS_ASSET("models/stories260K_ctx256.onnx");
  const Model model = load_onnx(testing::assets() / "models/stories260K_ctx256.onnx");
  const std::vector<Input> weights = importances();
  int matrices = 0;
  for (const Value& value : model.graph.values) {
    const Tensor& tensor = value.constant;
    const std::int64_t rows = tensor.dtype() == DType::f32 ? tensor.size() / kColumns : 0;
    if (rows == 0) continue;
    ++matrices;
    const float* data = tensor.data<float>();
    const Input input{value.name, std::vector<float>(data, data + rows * kColumns)};
    for (const GgmlType type : testing::ggml_types()) {
      if (type == GgmlType::f32) continue;
      expect_same(ggml, type, input, weights[0]);
      expect_same(ggml, type, input, weights[2]);
    }
  }
  EXPECT_GT(matrices, 20);
}

}  // namespace
}  // namespace zeropoint
