#include "report/explain_float_codes.h"

#include <fmt/format.h>

#include <cmath>

#include "base/fail.h"
#include "base/float8.h"

namespace zeropoint {
namespace {

const SmallFloat& format_of(DType dtype) {
  if (const SmallFloat* format = small_float(dtype)) return *format;
  fail(ErrorKind::internal, "explain", "{} is no small float", name(dtype));
}

}  // namespace

std::vector<double> float_codes(DType dtype) {
  const SmallFloat& format = format_of(dtype);
  std::vector<double> codes;
  for (int code = format.largest; code > 0; --code) {
    codes.push_back(-static_cast<double>(decode(static_cast<std::uint8_t>(code), format)));
  }
  for (int code = 0; code <= format.largest; ++code) {
    codes.push_back(static_cast<double>(decode(static_cast<std::uint8_t>(code), format)));
  }
  return codes;
}

ExplainedValue explain_float_value(float x, DType dtype, const Derivation& d) {
  const SmallFloat& format = format_of(dtype);
  ExplainedValue v{.x = x};
  v.steps = static_cast<double>(x / d.qparams.scale);
  v.q = encode(v.steps, format, true);
  v.rounded = static_cast<double>(decode(static_cast<std::uint8_t>(v.q), format));
  v.x_back = static_cast<float>(v.rounded) * d.qparams.scale;
  v.is_clipped = std::abs(v.steps) > static_cast<double>(decode(format.largest, format));
  return v;
}

std::string float_codes_text(const RangeExplanation& e) {
  const Derivation& d = e.derivation;
  const SmallFloat& format = format_of(e.scheme.dtype);
  const std::vector<double> codes = float_codes(e.scheme.dtype);
  const double scale = static_cast<double>(d.qparams.scale);
  const double largest = codes.back();
  const double smallest_normal = std::ldexp(1.0, 1 - format.bias);
  const double smallest_step = std::ldexp(smallest_normal, -format.mantissa_bits);
  const double largest_step = largest - codes[codes.size() - 2];
  const double relative = std::ldexp(1.0, -format.mantissa_bits - 1);
  std::string text = fmt::format(
      "1  The codes are floats themselves: {} bits of exponent, {} of mantissa, {}\n"
      "   numbers from {:.6g} to {:.6g}. One of them is 0, and each has its negative:\n"
      "   no zero point is needed, and the range becomes [{:.7g}, {:.7g}].\n",
      format.exponent_bits, format.mantissa_bits, codes.size(), -largest, largest, d.widened.min, d.widened.max);
  text += fmt::format(
      "2  The largest magnitude gets the largest code:\n"
      "       S = amax / {0:.6g} = {1:.7g} / {0:.6g} = {2:.9g}\n",
      largest, d.widened.max, d.exact_scale);
  if (e.scheme.power_of_two) text += fmt::format("   rounded up to a power of two, S = {:.9g}\n", scale);
  text += fmt::format(
      "3  A value becomes the nearest code, ties to even:\n"
      "       q = {}(x / S),  x' = S q\n"
      "   Steps are {:.4g} S = {:.4g} wide around 0 and double with every\n"
      "   power of two, up to {:.4g} S = {:.4g} at the ends.\n",
      name(e.scheme.dtype), smallest_step, smallest_step * scale, largest_step, largest_step * scale);
  text += fmt::format(
      "   Error: at most |x| / {:.4g} from |x| = {:.4g} on, at most {:.4g} below;\n"
      "   outside the range, the distance to it.\n",
      1 / relative, smallest_normal * scale, smallest_step * scale / 2);
  return text;
}

}  // namespace zeropoint
