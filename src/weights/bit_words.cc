#include "weights/bit_words.h"

#include <algorithm>
#include <cstring>

#include "kernels/pack/pack.h"

namespace zeropoint {
namespace {

std::uint32_t middle(int bits) { return std::uint32_t{1} << (bits - 1); }

/// Where value i of `bits` bits begins, in bits.
std::int64_t bit_position(std::int64_t i, int bits, WordFill fill) {
  if (fill == WordFill::dense) return i * bits;
  const std::int64_t per_word = 32 / bits;
  return i / per_word * 32 + i % per_word * bits;
}

/// The highest bit of every 2, 4 or 8 bit code of a word: flipping it adds the middle.
std::uint32_t highest_bits(int bits) { return bits == 8 ? 0x80808080 : bits == 4 ? 0x88888888 : 0xAAAAAAAA; }

/// Eight 3-bit values, 24 bits.
std::uint32_t three_bytes(const std::int8_t* codes) {
  std::uint32_t word = 0;
  for (int i = 0; i < 8; ++i) word |= (static_cast<std::uint32_t>(codes[i] + 4) & 7U) << (3 * i);
  return word;
}

void pack_dense_3bit(const std::int8_t* codes, std::int64_t groups, std::uint32_t* words) {
  for (std::int64_t g = 0; g < groups; ++g, codes += 32, words += 3) {
    const std::uint32_t a = three_bytes(codes);
    const std::uint32_t b = three_bytes(codes + 8);
    const std::uint32_t c = three_bytes(codes + 16);
    const std::uint32_t d = three_bytes(codes + 24);
    words[0] = a | b << 24;
    words[1] = b >> 8 | c << 16;
    words[2] = c >> 16 | d << 8;
  }
}

void unpack_dense_3bit(const std::uint32_t* words, std::int64_t groups, std::int8_t* codes) {
  for (std::int64_t g = 0; g < groups; ++g, codes += 32, words += 3) {
    const std::uint32_t parts[4] = {words[0] & 0xFFFFFF, (words[0] >> 24 | words[1] << 8) & 0xFFFFFF,
                                    (words[1] >> 16 | words[2] << 16) & 0xFFFFFF, words[2] >> 8};
    for (int i = 0; i < 32; ++i) {
      codes[i] = static_cast<std::int8_t>(static_cast<int>(parts[i / 8] >> (3 * (i % 8)) & 7U) - 4);
    }
  }
}

}  // namespace

namespace reference {

void pack_words(const std::int8_t* codes, std::int64_t n, int bits, WordFill fill, std::uint32_t* words) {
  std::fill(words, words + word_count(n, bits, fill), 0U);
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t at = bit_position(i, bits, fill);
    const std::uint64_t value = ((static_cast<std::uint32_t>(codes[i]) + middle(bits)) & mask) << (at % 32);
    words[at / 32] |= static_cast<std::uint32_t>(value);
    if (at % 32 + bits > 32) words[at / 32 + 1] |= static_cast<std::uint32_t>(value >> 32);
  }
}

void unpack_words(const std::uint32_t* words, std::int64_t n, int bits, WordFill fill, std::int8_t* codes) {
  const std::uint32_t mask = (std::uint32_t{1} << bits) - 1;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t at = bit_position(i, bits, fill);
    std::uint64_t value = words[at / 32];
    if (at % 32 + bits > 32) value |= std::uint64_t{words[at / 32 + 1]} << 32;
    const auto code = static_cast<std::uint32_t>(value >> (at % 32)) & mask;
    codes[i] = static_cast<std::int8_t>(static_cast<int>(code) - static_cast<int>(middle(bits)));
  }
}

}  // namespace reference

std::int64_t word_count(std::int64_t n, int bits, WordFill fill) {
  if (fill == WordFill::dense) return (n * bits + 31) / 32;
  const std::int64_t per_word = 32 / bits;
  return (n + per_word - 1) / per_word;
}

void pack_words(const std::int8_t* codes, std::int64_t n, int bits, WordFill fill, std::uint32_t* words) {
  const std::int64_t group = bits == 3 ? 32 : 32 / bits;  // values that fill whole words
  const std::int64_t fast = bits == 3 && fill == WordFill::whole ? 0 : n / group * group;
  const auto* raw = reinterpret_cast<const std::uint8_t*>(codes);
  auto* bytes = reinterpret_cast<std::uint8_t*>(words);
  if (bits == 3) {
    pack_dense_3bit(codes, fast / group, words);
  } else {
    if (bits == 8 && fast > 0) std::memcpy(bytes, raw, static_cast<std::size_t>(fast));
    if (bits == 4) pack_4bit(raw, fast, bytes);
    if (bits == 2) pack_2bit(raw, fast, bytes);
    const std::uint32_t flip = highest_bits(bits);
#pragma omp simd
    for (std::int64_t i = 0; i < fast / group; ++i) words[i] ^= flip;
  }
  if (fast < n) reference::pack_words(codes + fast, n - fast, bits, fill, words + word_count(fast, bits, fill));
}

void unpack_words(const std::uint32_t* words, std::int64_t n, int bits, WordFill fill, std::int8_t* codes) {
  const std::int64_t group = bits == 3 ? 32 : 32 / bits;
  const std::int64_t fast = bits == 3 && fill == WordFill::whole ? 0 : n / group * group;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(words);
  auto* raw = reinterpret_cast<std::uint8_t*>(codes);
  if (bits == 3) {
    unpack_dense_3bit(words, fast / group, codes);
  } else {
    if (bits == 8 && fast > 0) std::memcpy(raw, bytes, static_cast<std::size_t>(fast));
    if (bits == 4) unpack_u4(bytes, fast, raw);
    if (bits == 2) unpack_u2(bytes, fast, raw);
    const auto less = static_cast<std::uint8_t>(middle(bits));
#pragma omp simd
    for (std::int64_t i = 0; i < fast; ++i) raw[i] = static_cast<std::uint8_t>(raw[i] - less);
  }
  if (fast < n) reference::unpack_words(words + word_count(fast, bits, fill), n - fast, bits, fill, codes + fast);
}

}  // namespace zeropoint
