#include "base/float8.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace zeropoint {
namespace {

constexpr std::uint8_t kE8M0Nan = 255;
constexpr int kE8M0Bias = 127;

/// The code of NaN; the sign is kept where the format has two of them.
std::uint8_t nan_code(const SmallFloat& format, std::uint8_t sign) {
  const auto all_ones = static_cast<std::uint8_t>(format.sign_bit() - 1);
  switch (format.special) {
    case SmallFloat::Special::ieee: {
      const auto quiet = static_cast<std::uint8_t>((1U << format.mantissa_bits) - (1U << (format.mantissa_bits - 1)));
      return static_cast<std::uint8_t>(sign | (format.largest + 1 + quiet));
    }
    case SmallFloat::Special::nan_ones:
      return sign | all_ones;
    default:
      return format.sign_bit();
  }
}

}  // namespace

const SmallFloat* small_float(DType dtype) {
  switch (dtype) {
    case DType::f8e4m3fn:
      return &kE4M3FN;
    case DType::f8e4m3fnuz:
      return &kE4M3FNUZ;
    case DType::f8e5m2:
      return &kE5M2;
    case DType::f8e5m2fnuz:
      return &kE5M2FNUZ;
    case DType::f4e2m1:
      return &kE2M1;
    default:
      return nullptr;
  }
}

float decode(std::uint8_t code, const SmallFloat& format) {
  const bool negative = (code & format.sign_bit()) != 0;
  const int magnitude = code & (format.sign_bit() - 1);
  if (format.special == SmallFloat::Special::nan_zero && negative && magnitude == 0) {
    return std::numeric_limits<float>::quiet_NaN();
  }
  if (magnitude > format.largest) {
    const bool infinite = format.special == SmallFloat::Special::ieee && magnitude == format.largest + 1;
    const float value = infinite ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
    return negative ? -value : value;
  }
  const int exponent = magnitude >> format.mantissa_bits;
  const int mantissa = magnitude & ((1 << format.mantissa_bits) - 1);
  const int hidden = exponent == 0 ? 0 : 1 << format.mantissa_bits;  // exponent 0: subnormal
  const float value =
      std::ldexp(static_cast<float>(hidden + mantissa), std::max(exponent, 1) - format.bias - format.mantissa_bits);
  return negative ? -value : value;
}

std::uint8_t encode(double x, const SmallFloat& format, bool saturate) {
  const std::uint8_t sign = std::signbit(x) ? format.sign_bit() : std::uint8_t{0};
  if (std::isnan(x)) return nan_code(format, sign);

  const double magnitude = std::abs(x);
  int code = format.largest + 1;  // out of range, until shown otherwise
  const int lowest = 1 - format.bias;
  const int exponent = magnitude == 0 ? lowest : std::max(std::ilogb(magnitude), lowest);
  if (exponent <= (format.largest >> format.mantissa_bits) - format.bias) {
    // Steps of 2^(exponent - mantissa_bits): 2^m .. 2^(m+1) for a normal number, less for a subnormal one;
    // a carry into the exponent lands on the right code by itself.
    const auto steps = static_cast<int>(std::nearbyint(std::ldexp(magnitude, format.mantissa_bits - exponent)));
    code = ((exponent - lowest) << format.mantissa_bits) + steps;
  }
  if (code > format.largest) {
    if (saturate || format.special == SmallFloat::Special::none) {
      code = format.largest;
    } else if (format.special != SmallFloat::Special::ieee) {
      return nan_code(format, sign);
    } else {
      code = format.largest + 1;  // infinity
    }
  }
  if (code == 0 && format.special == SmallFloat::Special::nan_zero) return 0;
  return static_cast<std::uint8_t>(sign | code);
}

float decode_e8m0(std::uint8_t code) {
  return code == kE8M0Nan ? std::numeric_limits<float>::quiet_NaN() : std::ldexp(1.0F, code - kE8M0Bias);
}

std::uint8_t encode_e8m0(double x, E8M0Rounding rounding, bool saturate) {
  if (std::isnan(x)) return kE8M0Nan;
  const double magnitude = std::abs(x);
  if (magnitude == 0) return saturate ? 0 : kE8M0Nan;
  if (std::isinf(magnitude)) return saturate ? kE8M0Nan - 1 : kE8M0Nan;

  int exponent = std::ilogb(magnitude);
  const double fraction = std::ldexp(magnitude, -exponent);  // in [1, 2)
  const bool up = rounding == E8M0Rounding::up ? fraction > 1 : rounding == E8M0Rounding::nearest && fraction >= 1.5;
  exponent += (up ? 1 : 0) + kE8M0Bias;
  if (exponent >= 0 && exponent < kE8M0Nan) return static_cast<std::uint8_t>(exponent);
  if (!saturate) return kE8M0Nan;
  return exponent < 0 ? 0 : kE8M0Nan - 1;
}

}  // namespace zeropoint
