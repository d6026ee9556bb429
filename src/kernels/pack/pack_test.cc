#include "kernels/pack/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

using testing::awkward_sizes;
using ::testing::ElementsAre;
using testing::for_each_target;

std::vector<std::uint8_t> random_bytes(std::int64_t n) {
  std::mt19937 random(static_cast<std::uint32_t>(n));
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(n));
  for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST(PackKernel, LowBitsComeFirstAndTheLastByteIsPadded) {
  const std::uint8_t codes[] = {3, 0xF9, 7};  // -7 as a byte
  std::uint8_t packed[2] = {0xAA, 0xAA};
  pack_4bit(codes, 3, packed);
  EXPECT_THAT(packed, ElementsAre(0x93, 0x07));
  std::int8_t signs[3];
  unpack_i4(packed, 3, signs);
  EXPECT_THAT(signs, ElementsAre(3, -7, 7));
  const std::uint8_t twos[] = {1, 2, 3, 0, 3};
  pack_2bit(twos, 5, packed);
  EXPECT_THAT(packed, ElementsAre(0b00111001, 0b11));
  std::int8_t two_signs[5];
  unpack_i2(packed, 5, two_signs);
  EXPECT_THAT(two_signs, ElementsAre(1, -2, -1, 0, -1));
}

template <int kBits>
void expect_packing_matches(std::int64_t n, std::int64_t offset) {
  const auto codes = random_bytes(n + offset);
  std::vector<std::uint8_t> want(static_cast<std::size_t>(n + offset + 1), 0x55);
  auto got = want;
  reference::pack<kBits>(codes.data() + offset, n, want.data() + offset);
  (kBits == 4 ? pack_4bit : pack_2bit)(codes.data() + offset, n, got.data() + offset);
  ASSERT_EQ(got, want) << kBits << " bits, n " << n;
}

template <int kBits, class Code>
void expect_unpacking_matches(std::int64_t n, std::int64_t offset,
                              void (*unpack)(const std::uint8_t*, std::int64_t, Code*)) {
  const auto packed = random_bytes(n + offset);
  std::vector<Code> want(static_cast<std::size_t>(n + offset + 1), 0x55);
  auto got = want;
  reference::unpack<kBits>(packed.data() + offset, n, want.data() + offset);
  unpack(packed.data() + offset, n, got.data() + offset);
  ASSERT_EQ(got, want) << kBits << " bits, n " << n;
}

TEST(PackKernel, EveryTargetMatchesTheReference) {
  for_each_target([] {
    for (const std::int64_t n : awkward_sizes()) {
      for (const std::int64_t offset : {0, 1}) {
        expect_packing_matches<4>(n, offset);
        expect_packing_matches<2>(n, offset);
        expect_unpacking_matches<4>(n, offset, unpack_u4);
        expect_unpacking_matches<4>(n, offset, unpack_i4);
        expect_unpacking_matches<2>(n, offset, unpack_u2);
        expect_unpacking_matches<2>(n, offset, unpack_i2);
      }
    }
  });
}

}  // namespace
}  // namespace zeropoint
