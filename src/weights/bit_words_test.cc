#include "weights/bit_words.h"

#include <gmock/gmock.h>

#include <random>
#include <vector>

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

std::vector<std::uint32_t> packed(const std::vector<std::int8_t>& codes, int bits, WordFill fill = WordFill::dense) {
  std::vector<std::uint32_t> words(
      static_cast<std::size_t>(word_count(static_cast<std::int64_t>(codes.size()), bits, fill)), 0xDEADBEEF);
  pack_words(codes.data(), static_cast<std::int64_t>(codes.size()), bits, fill, words.data());
  return words;
}

TEST(BitWords, FourBitsLowFirst) {
  EXPECT_THAT(packed({-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7}, 4),
              ElementsAre(0x76543210U, 0xfedcba98U));
  EXPECT_THAT(packed({-8, 7}, 4), ElementsAre(0x000000F0U)) << "the rest of the word is 0";
}

TEST(BitWords, OtherWidths) {
  EXPECT_THAT(packed({-128, -127, 0, 127, 1}, 8), ElementsAre(0xff800100U, 0x81U));
  EXPECT_THAT(packed({-2, -1, 0, 1}, 2), ElementsAre(0xE4U));
}

TEST(BitWords, ThreeBitsStraddleWords) {
  std::vector<std::int8_t> codes(32, -4);
  codes[10] = 3;  // bits 30, 31 of the first word, bit 0 of the second
  codes[21] = 1;  // value 5: bit 31 of the second word, bits 0 and 1 of the third
  EXPECT_THAT(packed(codes, 3), ElementsAre(0xC0000000U, 0x80000001U, 0x00000002U));
  EXPECT_THAT(packed(codes, 3, WordFill::whole), ElementsAre(0U, 0x7U, 5U << 3, 0U)) << "ten in a word";
}

TEST(BitWords, FastAndReadableAgreeForEveryLength) {
  std::mt19937 random(5);
  for (const int bits : {2, 3, 4, 8}) {
    std::uniform_int_distribution<int> code(-(1 << (bits - 1)), (1 << (bits - 1)) - 1);
    for (const WordFill fill : {WordFill::dense, WordFill::whole}) {
      for (std::int64_t n = 0; n < 150; ++n) {
        std::vector<std::int8_t> codes(static_cast<std::size_t>(n));
        for (auto& c : codes) c = static_cast<std::int8_t>(code(random));
        const std::vector<std::uint32_t> words = packed(codes, bits, fill);
        std::vector<std::uint32_t> expected(words.size());
        reference::pack_words(codes.data(), n, bits, fill, expected.data());
        ASSERT_EQ(words, expected) << bits << " bits, n = " << n;
        std::vector<std::int8_t> back(codes.size());
        unpack_words(words.data(), n, bits, fill, back.data());
        ASSERT_EQ(back, codes) << bits << " bits, n = " << n;
        reference::unpack_words(words.data(), n, bits, fill, back.data());
        ASSERT_EQ(back, codes) << bits << " bits, n = " << n;
      }
    }
  }
}

}  // namespace
}  // namespace zeropoint
