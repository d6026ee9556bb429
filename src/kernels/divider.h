// Exact division by a known scale with one multiplication and one fused multiply-add.
//
// Quantization is defined with a true float32 division: t = rint(RN(x / S)). Dividing costs several
// times what the rest of the kernel costs, and x * (1 / S) gives other codes near ties. With
//
//   hi = RN(1 / S),  lo = RN(1 / S - hi),  y = RN(x * hi + RN(x * lo))            (one fma)
//
// y differs from x / S, before its last rounding, by little more than 2^-48: with mantissas a of x and
// b of S in [1, 2), hi in (1/2, 1] and |lo| <= 2^-25, the rounding of lo adds at most a 2^-50 and that
// of x * lo at most 2^-49. So y can differ from RN(x / S) only where x / S is that close to a midpoint
// M of two floats, and rint(y) from rint(RN(x / S)) only where M is next to a tie T = k + 1/2. Let B be
// the 24-bit integer mantissa of S and u the unit in which S * M is an integer: |x - S * M| < 2 u there.
// T has p significant bits (p = 9 for 8-bit codes: |k| <= 255), so S * T is a multiple of 2^(25 - p) u,
// x is a multiple of a larger power of two, and S * M = S * T +- B u. Hence B mod 2^(25 - p) would have
// to be within 2 of 0, and not 0, because a midpoint is never a quotient. That test refuses one scale in
// 16 384 for 8-bit codes and one in 64 for 16-bit codes; those divide. Where hi is only within a unit of
// 1 / S and lo = (1 - hi S) hi is computed in float32, the bound grows to 2^-46 and the distance to 8.
// The method is that of Brisebarre, Muller and Raina, "Accelerating correctly rounded floating-point division when the
// divisor is known in advance", IEEE Transactions on Computers, 2004.
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

constexpr int kTieBits8 = 9;    // |q - zero_point| <= 255
constexpr int kTieBits16 = 17;  // |q - zero_point| <= 65535

constexpr std::uint32_t kDistance = 2;       // to a short mantissa, in its last place, that is too close
constexpr std::uint32_t kRoughDistance = 8;  // when hi and lo were computed in float32
constexpr float kSmallestDivisor = 0x1p-24F;
constexpr float kLargestDivisor = 0x1p100F;

/// `tie_bits`: significant bits of the largest tie k + 1/2 that still decides a code.
inline bool is_exact_divisor(float scale, int tie_bits, std::uint32_t distance = kDistance) {
  if (!(scale >= kSmallestDivisor && scale <= kLargestDivisor)) return false;
  const std::uint32_t modulus = std::uint32_t{1} << (25 - tie_bits);
  const std::uint32_t rest = (std::bit_cast<std::uint32_t>(scale) + distance) % modulus;
  return rest > 2 * distance || rest == distance;
}

inline Divider make_divider(float scale, int tie_bits) {
  if (!is_exact_divisor(scale, tie_bits)) return {.scale = scale};
  const double reciprocal = 1.0 / static_cast<double>(scale);
  const auto hi = static_cast<float>(reciprocal);
  return {scale, hi, static_cast<float>(reciprocal - static_cast<double>(hi)), true};
}

}  // namespace zeropoint
