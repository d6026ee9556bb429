// What numbers an option takes: checks for CLI11's Option::check, which says what is wrong or nothing.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace zeropoint::cli {

std::string whole_above_zero(const std::string& text);  ///< counts: samples, elements of a block
std::string axis_or_none(const std::string& text);      ///< an axis, or -1 for none
std::string whole_from_zero(const std::string& text);   ///< where 0 has a meaning of its own

/// `axis` counted from the front. Throws invalid_option naming `option` when an array of `rank` axes does not have it.
int axis_of(const char* option, int axis, int rank);

/// A check that takes these words and no others.
std::function<std::string(const std::string&)> one_of(std::vector<std::string> words);

}  // namespace zeropoint::cli
