// Exact division by a known scale with one multiplication and one fused multiply-add.
//
// Quantization is defined with a true float32 division: t = rint(RN(x / S)). Dividing costs several
// times what the rest of the kernel costs, and x * (1 / S) gives other codes near ties. With
//
//   hi = RN(1 / S),  lo = RN(1 / S - hi),  y = RN(x * hi + RN(x * lo))            (one fma)
//
// y differs from x / S, before its last rounding, by less than one unit in the 49th bit: with
// mantissas in [1, 2), 1 / S in (1/2, 1], the rounding of lo adds at most |x| 2^-50 and that of x * lo
// at most 2^-49. So y can differ from RN(x / S) only where x / S is that close to a midpoint M of
// two floats, and rint(y) can differ from rint(RN(x / S)) only if M is next to a tie T = k + 1/2 of
// rint. Let B be the 24-bit integer mantissa of S. T has p significant bits (p = 9 for 8-bit codes:
// |k| <= 255), so S * T is a multiple of 2^(25 - p) in units of the last place of S * M, while
// S * M = S * T +- B in those units. x is a multiple of a larger unit, hence x - S * M can be
// smaller than 2 units, and not 0 (a midpoint is never a quotient), only if B mod 2^(25 - p) is
// within 2 of 0 and not 0. That test rejects one scale in 16 384 for 8-bit codes, one in 64 for
// 16-bit codes; those divide. Brisebarre, Muller, Raina, "Accelerating correctly rounded
// floating-point division when the divisor is known in advance", IEEE TC 2004, has the method.
//
// The scale must leave x * lo finite and lo a normal number: 2^-24 <= S <= 2^100.
#pragma once

#include <bit>
#include <cstdint>

namespace zeropoint {

struct Divider {
  float scale = 1;
  float hi = 1;
  float lo = 0;
  bool is_exact = false;  // false: divide
};

/// `tie_bits`: significant bits of the largest tie k + 1/2 that still decides a code (9 or 17).
inline bool is_exact_divisor(float scale, int tie_bits) {
  if (!(scale >= 0x1p-24F && scale <= 0x1p100F)) return false;
  const std::uint32_t modulus = std::uint32_t{1} << (25 - tie_bits);
  const std::uint32_t mantissa = (std::bit_cast<std::uint32_t>(scale) & 0x7FFFFFU) | 0x800000U;
  const std::uint32_t rest = (mantissa + 2) % modulus;  // 0, 1, 3 and 4 are the distances -2, -1, 1 and 2
  return rest > 4 || rest == 2;
}

inline Divider make_divider(float scale, int tie_bits) {
  if (!is_exact_divisor(scale, tie_bits)) return {.scale = scale};
  const double reciprocal = 1.0 / static_cast<double>(scale);
  const auto hi = static_cast<float>(reciprocal);
  return {scale, hi, static_cast<float>(reciprocal - static_cast<double>(hi)), true};
}

constexpr int kTieBits8 = 9;    // |q - zero_point| <= 255
constexpr int kTieBits16 = 17;  // |q - zero_point| <= 65535

}  // namespace zeropoint
