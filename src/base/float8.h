// Conversions to and from the floats of 8 and 4 bits, one value at a time: the readable reference.
//
// Sources: OCP 8-bit Floating Point Specification (E4M3FN, E5M2), OCP Microscaling Formats v1.0
// (E2M1, E8M0), Noune et al. 2022 (the FNUZ variants), ONNX Cast-25 for what happens out of range.
// Every conversion from a wider float rounds once, to nearest with ties to even, so the argument
// may be a float16, a float32 or a double. Bulk conversion is the business of src/kernels.
#pragma once

#include <cstdint>

#include "zeropoint/dtype.h"

namespace zeropoint {

/// How a small float spends its codes. A code is sign, then exponent, then mantissa.
struct SmallFloat {
  enum class Special {
    ieee,      // exponent all ones: infinity (mantissa 0) and NaN
    nan_ones,  // S.111...1 is NaN, no infinity
    nan_zero,  // the code of -0 is the only NaN, no infinity, no -0
    none,      // every code is a finite number
  };

  int exponent_bits;
  int mantissa_bits;
  int bias;
  std::uint8_t largest;  // code of the largest finite value
  Special special;

  constexpr std::uint8_t sign_bit() const { return static_cast<std::uint8_t>(1U << (exponent_bits + mantissa_bits)); }
};

inline constexpr SmallFloat kE4M3FN = {4, 3, 7, 0x7E, SmallFloat::Special::nan_ones};    // up to 448
inline constexpr SmallFloat kE4M3FNUZ = {4, 3, 8, 0x7F, SmallFloat::Special::nan_zero};  // up to 240
inline constexpr SmallFloat kE5M2 = {5, 2, 15, 0x7B, SmallFloat::Special::ieee};         // up to 57344
inline constexpr SmallFloat kE5M2FNUZ = {5, 2, 16, 0x7F, SmallFloat::Special::nan_zero};
inline constexpr SmallFloat kE2M1 = {2, 1, 1, 0x7, SmallFloat::Special::none};  // up to 6

/// The description of an 8-bit or 4-bit float type; nullptr for any other type, also for float8e8m0.
const SmallFloat* small_float(DType dtype);

/// The value of a code; exact.
float decode(std::uint8_t code, const SmallFloat& format);

/// The code nearest to x. Out of range (infinity included): `saturate` gives the largest finite value,
/// otherwise infinity, or NaN where there is none. NaN stays NaN; E2M1 always saturates and maps NaN to -0.
std::uint8_t encode(double x, const SmallFloat& format, bool saturate);

/// float8e8m0 is a bare exponent: code c means 2^(c - 127), 255 means NaN.
enum class E8M0Rounding { up, down, nearest };  // nearest: ties go up
float decode_e8m0(std::uint8_t code);

/// The sign of x is ignored. Out of range (0 and infinity included): `saturate` gives the nearest end, otherwise NaN.
std::uint8_t encode_e8m0(double x, E8M0Rounding rounding, bool saturate);

}  // namespace zeropoint
