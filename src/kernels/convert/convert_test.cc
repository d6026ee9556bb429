#include "kernels/convert/convert.h"

#include <gtest/gtest.h>

#include <bit>
#include <numeric>
#include <vector>

#include "base/float16.h"
#include "support/simd_targets.h"

namespace zeropoint {
namespace {

std::vector<std::uint16_t> all_codes() {
  std::vector<std::uint16_t> codes(65536);
  std::iota(codes.begin(), codes.end(), std::uint16_t{0});
  return codes;
}

/// Every float16 with its neighbours in float32, the midpoints between them, and both ends of the range.
std::vector<float> values_around_halves() {
  std::vector<float> values;
  for (const std::uint16_t code : all_codes()) {
    const auto bits = std::bit_cast<std::uint32_t>(f16_to_f32(code));
    for (const std::uint32_t offset : {0U, 1U, 0xFFFU, 0x1000U, 0x1001U, 0x7FFFU, 0x8000U, 0x8001U}) {
      values.push_back(std::bit_cast<float>(bits + offset));
    }
  }
  return values;
}

TEST(Convert, HalvesToFloatForEveryCodeOnEveryTarget) {
  const std::vector<std::uint16_t> codes = all_codes();
  testing::for_each_target([&] {
    std::vector<float> halves(codes.size()), brains(codes.size());
    convert_f16_f32(codes.data(), halves.data(), static_cast<std::int64_t>(codes.size()));
    convert_bf16_f32(codes.data(), brains.data(), static_cast<std::int64_t>(codes.size()));
    for (std::size_t i = 0; i < codes.size(); ++i) {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(halves[i]), std::bit_cast<std::uint32_t>(f16_to_f32(codes[i]))) << i;
      ASSERT_EQ(std::bit_cast<std::uint32_t>(brains[i]), std::bit_cast<std::uint32_t>(bf16_to_f32(codes[i]))) << i;
    }
  });
}

TEST(Convert, FloatToHalvesRoundsLikeTheReferenceOnEveryTarget) {
  const std::vector<float> values = values_around_halves();
  testing::for_each_target([&] {
    std::vector<std::uint16_t> halves(values.size()), brains(values.size());
    convert_f32_f16(values.data(), halves.data(), static_cast<std::int64_t>(values.size()));
    convert_f32_bf16(values.data(), brains.data(), static_cast<std::int64_t>(values.size()));
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(halves[i], f32_to_f16(values[i])) << values[i];
      ASSERT_EQ(brains[i], f32_to_bf16(values[i])) << values[i];
    }
  });
}

TEST(Convert, IntegersToFloatForAwkwardSizes) {
  std::vector<std::int32_t> words(1100);
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = static_cast<std::int32_t>(i * 2654435761U);
  std::vector<std::uint8_t> bytes(words.begin(), words.end());
  testing::for_each_target([&] {
    for (const std::int64_t n : testing::awkward_sizes()) {
      std::vector<float> u(static_cast<std::size_t>(n) + 1, 42), w(u);
      convert_u8_f32(bytes.data() + 1, u.data(), n);
      convert_i32_f32(words.data() + 1, w.data(), n);
      for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
        ASSERT_EQ(u[i], static_cast<float>(bytes[i + 1]));
        ASSERT_EQ(w[i], static_cast<float>(words[i + 1]));
      }
      EXPECT_EQ(u.back() + w.back(), 84);
    }
  });
}

}  // namespace
}  // namespace zeropoint
