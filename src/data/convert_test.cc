#include "data/convert.h"

#include <gmock/gmock.h>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

std::string refusal(const Tensor& tensor, DType wanted) {
  try {
    convert(tensor, wanted, "x.npy");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Convert, IntegersBecomeFloats) {
  EXPECT_THAT(convert(Tensor::of<std::uint8_t>({2}, {0, 255}), DType::f32, "").values<float>(), ElementsAre(0, 255));
  EXPECT_THAT(convert(Tensor::of<bool>({2}, {false, true}), DType::f32, "").values<float>(), ElementsAre(0, 1));
  EXPECT_THAT(convert(Tensor::of<std::int64_t>({1}, {-3}), DType::f16, "").data<std::uint16_t>()[0], 0xC200);
}

TEST(Convert, FloatsBecomeIntegersOnlyWhenWhole) {
  EXPECT_THAT(convert(Tensor::of<float>({2}, {-1, 3}), DType::i64, "").values<std::int64_t>(), ElementsAre(-1, 3));
  EXPECT_EQ(refusal(Tensor::of<float>({2}, {1, 0.5F}), DType::i64),
            "x.npy: is float32; the model wants int64, which has no 0.5 (element 1)");
  EXPECT_EQ(refusal(Tensor::of<double>({1}, {0x1p63}), DType::i64),
            "x.npy: is float64; the model wants int64, which has no 9.223372036854776e+18 (element 0)");
  EXPECT_NE(refusal(Tensor::of<float>({1}, {NAN}), DType::u8), "no error");
}

TEST(Convert, IntegersMustFit) {
  EXPECT_THAT(convert(Tensor::of<std::int64_t>({2}, {0, 256}), DType::i32, "").values<std::int32_t>(),
              ElementsAre(0, 256));
  EXPECT_EQ(refusal(Tensor::of<std::int64_t>({1}, {256}), DType::u8),
            "x.npy: is int64; the model wants uint8, which has no 256 (element 0)");
  EXPECT_EQ(refusal(Tensor::of<std::int32_t>({1}, {-1}), DType::u64),
            "x.npy: is int32; the model wants uint64, which has no -1 (element 0)");
  EXPECT_EQ(refusal(Tensor::of_strings({1}, {"a"}), DType::f32), "x.npy: is string; the model wants float32");
}

TEST(Convert, TheSameTypeIsTheSameTensor) {
  const Tensor x = Tensor::of<float>({1}, {1});
  EXPECT_EQ(convert(x, DType::f32, "").raw(), x.raw());
}

}  // namespace
}  // namespace zeropoint
