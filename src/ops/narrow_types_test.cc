#include "ops/narrow_types.h"

#include <gtest/gtest.h>

#include "base/float16.h"
#include "support/run_op.h"

namespace zeropoint {
namespace {

using testing::ints;
using testing::list;
using testing::run_op;

Tensor packed(DType dtype, Shape shape, std::vector<std::uint8_t> bytes) {
  Tensor t = Tensor::zeros(dtype, std::move(shape));
  std::copy(bytes.begin(), bytes.end(), static_cast<std::uint8_t*>(t.mutable_raw()));
  return t;
}

std::vector<std::uint8_t> bytes_of(const Tensor& tensor) {
  const auto* p = static_cast<const std::uint8_t*>(tensor.raw());
  return {p, p + tensor.bytes()};
}

Tensor halves(std::initializer_list<float> values) {
  Tensor t = Tensor::allocate(DType::f16, {static_cast<std::int64_t>(values.size())});
  auto* to = static_cast<std::uint16_t*>(t.mutable_raw());
  for (const float value : values) *to++ = f32_to_f16(value);
  return t;
}

TEST(NarrowTypes, FourBitElementsAreMoved) {
  const Tensor x = packed(DType::i4, {2, 3}, {0x21, 0x43, 0x65});  // 1 2 3 / 4 5 6
  EXPECT_EQ(bytes_of(run_op({"Transpose", {x}})[0]), (std::vector<std::uint8_t>{0x41, 0x52, 0x63}));
  EXPECT_EQ(bytes_of(run_op({"Gather", {x, ints({2, 0})}, {{"axis", std::int64_t{1}}}})[0]),
            (std::vector<std::uint8_t>{0x13, 0x46}));
  EXPECT_EQ(bytes_of(run_op({"Slice", {x, ints({1}), ints({2}), ints({1})}})[0]), (std::vector<std::uint8_t>{0x52}));
}

TEST(NarrowTypes, TwoBitElementsAreMoved) {
  const Tensor x = packed(DType::u2, {5}, {0b11100100, 0b01});  // 0 1 2 3 1
  EXPECT_EQ(bytes_of(run_op({"Slice", {x, ints({1}), ints({4})}})[0]), (std::vector<std::uint8_t>{0b111001}));
}

TEST(NarrowTypes, HalvesAreComputedInFloat) {
  const auto top = run_op({.op_type = "TopK", .inputs = {halves({1, 3, 2}), ints({2})}, .outputs = 2});
  EXPECT_EQ(top[0].dtype(), DType::f16);
  EXPECT_EQ(bytes_of(top[0]), bytes_of(halves({3, 2})));
  EXPECT_EQ(list<std::int64_t>(top[1]), (std::vector<std::int64_t>{1, 2}));
  const auto unique = run_op({"Unique", {halves({2, 1, 2})}});  // an output of unknown size
  EXPECT_EQ(bytes_of(unique[0]), bytes_of(halves({1, 2})));
}

}  // namespace
}  // namespace zeropoint
