#include "weights/ggml_matrix.h"

#include <gmock/gmock.h>

#include <cstring>
#include <random>

#include "support/ggml_types.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using kernels::GgmlType;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::int64_t kRows = 3;
constexpr std::int64_t kColumns = 512;
constexpr GgmlType kCoded[] = {GgmlType::q4_0, GgmlType::q5_0, GgmlType::q8_0, GgmlType::q3_k, GgmlType::q6_k};

std::vector<std::byte> blocks_of(GgmlType type, const std::vector<float>& values) {
  std::vector<std::byte> bytes(values.size() / static_cast<std::size_t>(kernels::ggml_block_size(type)) *
                               kernels::ggml_block_bytes(type));
  const auto rows = static_cast<std::int64_t>(values.size()) / kColumns;
  kernels::ggml_quantize(type, values.data(), rows, kColumns, {}, bytes.data());
  return bytes;
}

std::vector<float> normal_values() {
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0, 0.1F);
  std::vector<float> values(kRows * kColumns);
  for (float& value : values) value = normal(random);
  return values;
}

TEST(GgmlMatrix, OfOneBlockCanBeReadByHand) {
  std::vector<std::byte> block(34, std::byte{0});  // Q8_0: d = 0.5, then 32 codes
  block[1] = std::byte{0x38};
  block[2] = std::byte{0x80};
  block[3] = std::byte{3};
  const QuantizedMatrix matrix = matrix_of_blocks(GgmlType::q8_0, block, 1, 32, "");
  EXPECT_EQ(matrix.scales.data<float>()[0], 0.5F);
  EXPECT_EQ(matrix.codes.data<std::int8_t>()[0], -128);
  EXPECT_EQ(matrix.codes.data<std::int8_t>()[1], 3);
  EXPECT_EQ(dequantize(matrix).data<float>()[0], -64);
}

TEST(GgmlMatrix, StandsForTheFloatsOfTheBlocks) {
  for (const GgmlType type : kCoded) {
    SCOPED_TRACE(std::string(kernels::name(type)));
    const std::vector<std::byte> bytes = blocks_of(type, normal_values());
    std::vector<float> expected(kRows * kColumns);
    kernels::reference::ggml_dequantize(type, bytes.data(), kRows * kColumns, expected.data());
    const QuantizedMatrix matrix = matrix_of_blocks(type, bytes, kRows, kColumns, "");
    EXPECT_NO_THROW(check_matrix(matrix, ""));
    const int half = 1 << (matrix.scheme.bits - 1);
    EXPECT_THAT(matrix.codes.values<std::int8_t>(), Each(::testing::AllOf(::testing::Ge(-half), ::testing::Lt(half))));
    const Tensor values = dequantize(matrix);
    EXPECT_EQ(std::memcmp(values.raw(), expected.data(), values.bytes()), 0);
  }
}

TEST(GgmlMatrix, IsNoneWhereBlocksHaveAMinimumOrNoCodes) {
  for (const GgmlType type : testing::ggml_types()) {
    EXPECT_EQ(scheme_of_blocks(type).has_value(), std::ranges::find(kCoded, type) != std::end(kCoded))
        << kernels::name(type);
  }
  EXPECT_EQ(*scheme_of_blocks(GgmlType::q4_0), (MatrixScheme{.bits = 4, .block_size = 32}));
  EXPECT_EQ(*scheme_of_blocks(GgmlType::q6_k), (MatrixScheme{.bits = 8, .block_size = 16}));
}

TEST(GgmlMatrix, RefusesScalesThatAreNoNumbers) {
  std::vector<std::byte> bytes = blocks_of(GgmlType::q8_0, normal_values());
  bytes[0] = std::byte{0};
  bytes[1] = std::byte{0x7C};  // infinity
  EXPECT_THAT([&] { matrix_of_blocks(GgmlType::q8_0, bytes, kRows, kColumns, "m.gguf: tensor 'w'"); },
              ThrowsMessage<Error>(HasSubstr("m.gguf: tensor 'w': has a scale of inf")));
}

}  // namespace
}  // namespace zeropoint
