// One element of a tensor as a word, and back.
#pragma once

#include <string>
#include <string_view>

#include "zeropoint/tensor.h"

namespace zeropoint {

/// Shortest text that parses to the same value; "nan", "inf"; 0 or 1 for bool; the code for float8, float4
/// and complex types. Not for strings.
std::string element_text(const Tensor& tensor, std::int64_t i);

/// False when `word` is not a number that fits.
bool set_element(Tensor& tensor, std::int64_t i, std::string_view word);

}  // namespace zeropoint
