#include "weights/quantized_matrix.h"

#include <gmock/gmock.h>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

std::vector<float> values(const Tensor& t) {
  const auto v = t.values<float>();
  return {v.begin(), v.end()};
}

TEST(QuantizedMatrix, ARowPerGrid) {
  const QuantizedMatrix m{.scheme = {.bits = 4, .symmetric = false},
                          .rows = 2,
                          .columns = 3,
                          .codes = Tensor::of<std::int8_t>({2, 3}, {-8, 0, 7, 1, 2, 3}),
                          .scales = Tensor::of<float>({2, 1}, {0.5F, 2}),
                          .zero_points = Tensor::of<std::int8_t>({2, 1}, {-2, 3})};
  EXPECT_THAT(values(dequantize(m)), ElementsAre(-3, 1, 4.5, -4, -2, 0));
}

TEST(QuantizedMatrix, TheLastBlockMayBeShort) {
  const QuantizedMatrix m{.scheme = {.bits = 8, .block_size = 2},
                          .rows = 2,
                          .columns = 3,
                          .codes = Tensor::of<std::int8_t>({2, 3}, {1, 2, 3, 4, 5, 6}),
                          .scales = Tensor::of<float>({2, 2}, {1, 10, 100, 1000})};
  EXPECT_THAT(values(dequantize(m)), ElementsAre(1, 2, 30, 400, 500, 6000));
}

TEST(QuantizedMatrix, ActOrderNamesTheGridOfEveryColumn) {
  const QuantizedMatrix m{.scheme = {.bits = 4, .symmetric = false, .block_size = 2, .act_order = true},
                          .rows = 1,
                          .columns = 4,
                          .codes = Tensor::of<std::int8_t>({1, 4}, {1, 2, 3, 4}),
                          .scales = Tensor::of<float>({1, 2}, {1, 10}),
                          .zero_points = Tensor::of<std::int8_t>({1, 2}, {0, 1}),
                          .groups = Tensor::of<std::int32_t>({4}, {1, 0, 1, 0})};
  EXPECT_THAT(values(dequantize(m)), ElementsAre(0, 2, 20, 4));
}

TEST(QuantizedMatrix, OneGridPerTensor) {
  const QuantizedMatrix m{.scheme = {.per_tensor = true},
                          .rows = 2,
                          .columns = 2,
                          .codes = Tensor::of<std::int8_t>({2, 2}, {-127, 0, 1, 127}),
                          .scales = Tensor::of<float>({1, 1}, {0.25F})};
  EXPECT_THAT(values(dequantize(m)), ElementsAre(-31.75, 0, 0.25, 31.75));
}

std::string refusal(const QuantizedMatrix& m) {
  try {
    check_matrix(m, "file: w");
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(QuantizedMatrix, ReadersRefusePartsThatDoNotFit) {
  QuantizedMatrix m{.scheme = {.block_size = 2, .act_order = true},
                    .rows = 1,
                    .columns = 4,
                    .codes = Tensor::zeros(DType::i8, {1, 4}),
                    .scales = Tensor::zeros(DType::f32, {1, 2}),
                    .groups = Tensor::of<std::int32_t>({4}, {0, 0, 1, 1})};
  EXPECT_EQ(refusal(m), "");
  m.groups = Tensor::of<std::int32_t>({4}, {0, 0, 2, 1});
  EXPECT_EQ(refusal(m), "file: w: a column belongs to group 2, of 2 groups");
  m.scales = Tensor::zeros(DType::f32, {1, 4});
  EXPECT_EQ(refusal(m), "file: w: its scales are float32 [1, 4], not float32 [1, 2]");
}

}  // namespace
}  // namespace zeropoint
