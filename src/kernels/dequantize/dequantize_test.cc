#include "kernels/dequantize/dequantize.h"

#include <gtest/gtest.h>

#include <cstring>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

using testing::awkward_sizes;
using testing::for_each_target;

void run(const std::uint8_t* q, std::int64_t n, QParams grid, float* x, Store s) {
  dequantize_u8_f32(q, n, grid, x, s);
}
void run(const std::int8_t* q, std::int64_t n, QParams grid, float* x, Store s) { dequantize_i8_f32(q, n, grid, x, s); }
void run(const std::uint16_t* q, std::int64_t n, QParams grid, float* x, Store s) {
  dequantize_u16_f32(q, n, grid, x, s);
}
void run(const std::int16_t* q, std::int64_t n, QParams grid, float* x, Store s) {
  dequantize_i16_f32(q, n, grid, x, s);
}

template <class Code>
void expect_reference(QParams grid) {
  std::mt19937 random(5);
  for (const std::int64_t n : awkward_sizes()) {
    for (const std::int64_t offset : {0, 1, 3}) {
      for (const Store store : {Store::cached, Store::streaming}) {
        std::vector<Code> q(static_cast<std::size_t>(n + offset));
        for (Code& code : q) code = static_cast<Code>(random());
        std::vector<float> want(static_cast<std::size_t>(n + offset + 1), -7.0F);
        std::vector<float> got = want;
        reference::dequantize_f32(q.data() + offset, n, grid, want.data() + offset);
        run(q.data() + offset, n, grid, got.data() + offset, store);
        ASSERT_EQ(std::memcmp(got.data(), want.data(), want.size() * sizeof(float)), 0) << n << " at " << offset;
      }
    }
  }
}

TEST(DequantizeKernel, EveryTargetMatchesTheReference) {
  for_each_target([] {
    expect_reference<std::uint8_t>({0.0213F, 120});
    expect_reference<std::int8_t>({3e37F, -128});      // overflows to infinity at the far end
    expect_reference<std::uint16_t>({1e-42F, 65535});  // subnormal scale
    expect_reference<std::int16_t>({0.1F, -32768});
  });
}

TEST(DequantizeKernel, ZeroPointIsExactlyZero) {
  const std::uint8_t q[] = {113, 114};
  float x[2];
  dequantize_u8_f32(q, 2, {0.0066F, 113}, x);
  EXPECT_EQ(x[0], 0.0F);
  EXPECT_EQ(x[1], 0.0066F);
}

}  // namespace
}  // namespace zeropoint
