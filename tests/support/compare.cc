#include "support/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ops/wide.h"

namespace zeropoint::conformance {
namespace {

/// Relative distance between neighbouring values of the type.
double relative_step(DType dtype) {
  if (const SmallFloat* small = small_float(dtype)) return std::ldexp(1.0, -small->mantissa_bits);
  return dtype == DType::f16 ? 0x1p-10 : dtype == DType::bf16 ? 0x1p-7 : 0;
}

std::string string_difference(const Tensor& actual, const Tensor& expected) {
  for (std::size_t i = 0; i < expected.strings().size(); ++i) {
    if (actual.strings()[i] != expected.strings()[i]) {
      return fmt::format("element {} is '{}', not '{}'", i, actual.strings()[i], expected.strings()[i]);
    }
  }
  return "";
}

double element(const Tensor& tensor, std::int64_t i) {
  WideBlock wide, real;
  load_wide(tensor.dtype(), tensor.raw(), i, 1, wide.bytes);
  convert_wide(wide_of(tensor.dtype()), wide.bytes, Wide::f64, real.bytes, 1);
  return *real.as<double>();
}

std::int64_t integer_element(const Tensor& tensor, std::int64_t i) {
  WideBlock wide;
  load_wide(tensor.dtype(), tensor.raw(), i, 1, wide.bytes);
  return *wide.as<std::int64_t>();
}

}  // namespace

std::string difference(const Tensor& actual, const Tensor& expected, Tolerance tolerance) {
  if (actual.dtype() != expected.dtype()) {
    return fmt::format("the type is {}, not {}", name(actual.dtype()), name(expected.dtype()));
  }
  if (actual.shape() != expected.shape()) {
    return fmt::format("the shape is {}, not {}", to_string(actual.shape()), to_string(expected.shape()));
  }
  if (expected.dtype() == DType::string) return string_difference(actual, expected);
  const double relative = std::max(tolerance.relative, relative_step(expected.dtype()));
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    if (!is_float(expected.dtype())) {
      const std::int64_t a = integer_element(actual, i);
      const std::int64_t b = integer_element(expected, i);
      if (a != b) return fmt::format("element {} is {}, not {}", i, a, b);
      continue;
    }
    const double a = element(actual, i);
    const double b = element(expected, i);
    const bool same = a == b || (std::isnan(a) && std::isnan(b)) ||
                      (std::isfinite(b) && std::abs(a - b) <= tolerance.absolute + relative * std::abs(b));
    if (!same) return fmt::format("element {} is {}, not {}", i, a, b);
  }
  return "";
}

}  // namespace zeropoint::conformance
