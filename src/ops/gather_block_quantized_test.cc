#include <gtest/gtest.h>

#include "support/run_op.h"

namespace zeropoint {
namespace {

using testing::error_of;
using testing::ints;
using testing::list;
using testing::OpCall;
using testing::run_op;

/// Two rows of 16 codes in 4 bits, packed into bytes: row 0 holds 0, 1, 2 ..., row 1 holds 15, 14, 13 ...
OpCall packed_rows() {
  Tensor data = Tensor::allocate(DType::u8, {2, 8});
  for (int i = 0; i < 8; ++i) {
    data.mutable_data<std::uint8_t>()[i] = static_cast<std::uint8_t>(2 * i | (2 * i + 1) << 4);
    data.mutable_data<std::uint8_t>()[8 + i] = static_cast<std::uint8_t>((15 - 2 * i) | (14 - 2 * i) << 4);
  }
  return {.op_type = "GatherBlockQuantized",
          .inputs = {data, ints({1, 0}), Tensor::of<float>({2, 1}, {1, 0.5})},
          .attributes = {{"block_size", std::int64_t{16}}, {"bits", std::int64_t{4}}},
          .opset = 1,
          .domain = "com.microsoft"};
}

TEST(GatherBlockQuantized, DequantizesTheRowsThatItGathers) {
  const std::vector<float> y = list<float>(run_op(packed_rows())[0]);
  ASSERT_EQ(y.size(), 32U);
  EXPECT_EQ(y[0], 0.5F * (15 - 8));  // without zero points, bytes have the middle code
  EXPECT_EQ(y[1], 0.5F * (14 - 8));
  EXPECT_EQ(y[16], 0 - 8);
  EXPECT_EQ(y[31], 15 - 8);
}

TEST(GatherBlockQuantized, ZeroPointsArePackedByRow) {
  OpCall call = packed_rows();
  call.inputs.push_back(Tensor::of<std::uint8_t>({2, 1}, {3, 5}));
  const std::vector<float> y = list<float>(run_op(call)[0]);
  EXPECT_EQ(y[0], 0.5F * (15 - 5));
  EXPECT_EQ(y[16], 0 - 3);
}

TEST(GatherBlockQuantized, RefusesWhatDoesNotFit) {
  OpCall call = packed_rows();
  call.attributes[0].second = std::int64_t{24};
  EXPECT_EQ(error_of(call), "node 'test' (GatherBlockQuantized): block_size 24 is no power of two of at least 16");
  call = packed_rows();
  call.inputs[2] = Tensor::of<float>({2}, {1, 1});
  EXPECT_EQ(error_of(call), "node 'test' (GatherBlockQuantized): scales have shape [2]; [2, 1] is expected");
  call = packed_rows();
  call.inputs[1] = ints({2});
  EXPECT_EQ(error_of(call), "node 'test' (GatherBlockQuantized): index 2 at position 0 is outside [-2, 1]");
}

}  // namespace
}  // namespace zeropoint
