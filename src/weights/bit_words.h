// Codes of 2, 3, 4 and 8 bits in 32-bit words, low bits first: how checkpoint formats hold matrices of integers.
//
// Codes are signed bytes as in QuantizedMatrix; words hold code + 2^(bits-1). Bits past the last code are 0.
// Formats differ for 3 bits only, of which 32 are no multiple: one lets values straddle words, one leaves 2 bits
// unused.
#pragma once

#include <cstdint>

namespace zeropoint {

enum class WordFill {
  dense,  // 32 values of 3 bits in 3 words; the values 10 and 21 lie in two words
  whole,  // 10 values of 3 bits in a word
};

/// Words that n codes take.
std::int64_t word_count(std::int64_t n, int bits, WordFill fill);

/// `words` has room for word_count(). Any alignment of codes.
void pack_words(const std::int8_t* codes, std::int64_t n, int bits, WordFill fill, std::uint32_t* words);
void unpack_words(const std::uint32_t* words, std::int64_t n, int bits, WordFill fill, std::int8_t* codes);

namespace reference {
void pack_words(const std::int8_t* codes, std::int64_t n, int bits, WordFill fill, std::uint32_t* words);
void unpack_words(const std::uint32_t* words, std::int64_t n, int bits, WordFill fill, std::int8_t* codes);
}  // namespace reference

}  // namespace zeropoint
