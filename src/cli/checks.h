// What numbers an option takes: checks for CLI11's Option::check, which says what is wrong or nothing.
#pragma once

#include <string>

namespace zeropoint::cli {

std::string whole_above_zero(const std::string& text);  ///< counts: samples, elements of a block
std::string axis_or_none(const std::string& text);      ///< an axis, or -1 for none
std::string whole_from_zero(const std::string& text);   ///< where 0 has a meaning of its own

}  // namespace zeropoint::cli
