#include "zeropoint/tensor.h"

#include <gtest/gtest.h>

#include <array>

#include "base/float16.h"
#include "base/parallel.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

TEST(Tensor, ViewSharesStorageAndCloneDoesNot) {
  Tensor a = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  Tensor b = a.reshaped({4});
  const Tensor c = a.clone();
  b.mutable_data<float>()[0] = 9;
  EXPECT_EQ(a.data<float>()[0], 9);
  EXPECT_EQ(c.data<float>()[0], 1);
}

TEST(Tensor, MisalignedViewIsCopiedOnFirstUseOnceForAllHandles) {
  alignas(8) const std::array<unsigned char, 9> bytes = {0xFF, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40};
  const Tensor view = Tensor::view(DType::f32, {2}, bytes.data() + 1);
  const Tensor other = view.reshaped({2, 1});
  EXPECT_EQ(view.stored(), bytes.data() + 1);
  EXPECT_EQ(view.data<float>()[0], 1.0F);
  EXPECT_EQ(view.data<float>()[1], 2.0F);
  EXPECT_EQ(other.raw(), view.raw());
  EXPECT_NE(view.raw(), view.stored());
}

TEST(Tensor, SubByteTypesArePacked) {
  EXPECT_EQ(storage_bytes(DType::i4, 5), 3U);
  EXPECT_EQ(storage_bytes(DType::u2, 5), 2U);
  EXPECT_EQ(storage_bytes(DType::u2, 0), 0U);
}

TEST(Tensor, RefusesImpossibleShapes) {
  EXPECT_THROW(element_count({1LL << 40, 1LL << 40}), Error);
  EXPECT_THROW(element_count({-1}), Error);
  EXPECT_THROW(Tensor::of<float>({2}, {1, 2}).reshaped({3}), Error);
}

TEST(DType, NamesRoundTrip) {
  for (int i = 1; i < kDTypeCount; ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(parse_dtype(name(dtype)), dtype);
  }
  EXPECT_EQ(min_code(DType::i4), -8);
  EXPECT_EQ(max_code(DType::u2), 3);
}

TEST(Float16, EveryHalfRoundTrips) {
  for (std::uint32_t h = 0; h < 0x10000; ++h) {
    const auto half = static_cast<std::uint16_t>(h);
    if ((h & 0x7C00U) == 0x7C00U && (h & 0x3FFU) != 0) continue;  // NaN payloads may change
    EXPECT_EQ(f32_to_f16(f16_to_f32(half)), half);
  }
  EXPECT_EQ(f32_to_f16(65520.0F), 0x7C00);
  EXPECT_EQ(f32_to_f16(65519.0F), 0x7BFF);
}

TEST(Parallel, EveryChunkOnceAndErrorsReachTheCaller) {
  std::vector<int> seen(1000, 0);
  parallel_chunks(1000, [&](std::int64_t i) { seen[static_cast<std::size_t>(i)]++; });
  for (const int count : seen) EXPECT_EQ(count, 1);
  EXPECT_THROW(parallel_chunks(8,
                               [](std::int64_t i) {
                                 if (i == 5) throw Error(ErrorKind::internal, "x", "y");
                               }),
               Error);
}

}  // namespace
}  // namespace zeropoint
