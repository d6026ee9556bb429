#include "methods/method.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

QuantizedWeight quantized(std::string_view method, const Tensor& w, const MethodOptions& options = {}) {
  const Method& m = find_method(method);
  return m.quantize(w, m.scheme(options), options, {}, "w");
}

std::string refusal(std::string_view method, const MethodOptions& options = {}) {
  try {
    find_method(method).scheme(options);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(LlmInt8, RowsKeepTheirLargestMagnitude) {
  const Tensor w = Tensor::of<float>({3, 3}, {1, -2, 0.5F, 0, 0, 0, 1e-40F, 0, 0});
  const auto m = std::get<AbsmaxRows>(quantized("llm-int8", w));
  EXPECT_THAT(m.absmax.values<float>(), ElementsAre(2, 0, 1e-40F));
  EXPECT_THAT(m.codes.values<std::int8_t>().subspan(0, 6), ElementsAre(64, -127, 32, 0, 0, 0)) << "63.5 rounds to even";
  EXPECT_FLOAT_EQ(dequantize(m).data<float>()[1], -2.0F);
}

TEST(Nf4, ValuesOnAMidpointGetTheLowerLevel) {
  const std::span<const float> levels = nf4_levels();
  const float middle = (levels[8] + levels[9]) / 2;
  const Tensor w = Tensor::of<float>({1, 5}, {-1, middle, std::nextafter(middle, 1.0F), 0, 1});
  const auto m = std::get<CodebookMatrix>(quantized("nf4", w));
  EXPECT_THAT(m.codes.values<std::uint8_t>(), ElementsAre(0x08, 0x97, 0xF0)) << "the last half byte is 0";
  EXPECT_THAT(m.absmax.values<float>(), ElementsAre(1));
}

TEST(Nf4, EveryValueGetsItsNearestLevel) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 0.02F);
  Tensor w = Tensor::allocate(DType::f32, {7, 93});  // blocks that cross rows, and a short last one
  for (float& x : w.mutable_values<float>()) x = normal(random);
  const auto m = std::get<CodebookMatrix>(quantized("nf4", w));
  const Tensor back = dequantize(m);
  for (std::int64_t i = 0; i < w.size(); ++i) {
    const float factor = m.absmax.data<float>()[i / 64];
    float nearest = INFINITY;
    for (const float level : nf4_levels()) nearest = std::min(nearest, std::abs(level * factor - w.data<float>()[i]));
    EXPECT_NEAR(std::abs(back.data<float>()[i] - w.data<float>()[i]), nearest, 1e-6F * factor) << i;
  }
}

TEST(Nf4, FactorsAsCodesAreAlmostAsGood) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  Tensor w = Tensor::allocate(DType::f32, {300, 64});
  for (float& x : w.mutable_values<float>()) x = normal(random);
  const auto m = std::get<CodebookMatrix>(quantized("nf4", w, {.double_quantization = true}));
  ASSERT_TRUE(m.nested);
  EXPECT_EQ(m.nested->absmax.shape(), Shape{2});
  std::vector<float> factors(300);
  block_factors(m, 0, 300, factors.data());
  for (std::int64_t b = 0; b < 300; ++b) {
    float largest = 0;
    for (std::int64_t i = 0; i < 64; ++i) largest = std::max(largest, std::abs(w.data<float>()[b * 64 + i]));
    EXPECT_NEAR(factors[static_cast<std::size_t>(b)], largest, 0.02 * largest);
  }
}

TEST(Methods, RefuseOptionsOfOtherMethods) {
  EXPECT_EQ(refusal("llm-int8", {.bits = 4}), "--bits: has no meaning for the method llm-int8");
  EXPECT_EQ(refusal("absmax", {.damping = 0}), "--damping: has no meaning for the method absmax");
  EXPECT_EQ(refusal("absmax", {.act_order = true}), "--act-order: has no meaning for the method absmax");
  EXPECT_EQ(refusal("zero-point", {.full_range = true}), "--full-range: has no meaning for the method zero-point");
  EXPECT_EQ(refusal("nf4", {.block_size = 48}),
            "--block-size: 48: blocks of nf4 have a power of two from 32 to 4096 values");
  EXPECT_THAT(refusal("absmx"), HasSubstr("unknown method 'absmx'; did you mean 'absmax'?"));
}

}  // namespace
}  // namespace zeropoint
