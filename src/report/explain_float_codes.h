// Codes that are floats themselves (8 and 4 bits): an uneven grid without zero point, told as
// `zeropoint explain` tells the even ones.
#pragma once

#include <string>
#include <vector>

#include "report/explain_range.h"

namespace zeropoint {

/// The finite numbers that codes of `dtype` stand for, rising; -0 is left out.
std::vector<double> float_codes(DType dtype);

/// One value on its way: `rounded` is the number that the code `q` stands for.
ExplainedValue explain_float_value(float x, DType dtype, const Derivation& derivation);

/// The steps from the range to the scale, and the error bounds. Lines of at most 80 characters.
std::string float_codes_text(const RangeExplanation& explanation);

}  // namespace zeropoint
