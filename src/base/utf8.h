// Text from files and users: is it UTF-8, and as one line that a terminal can show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace zeropoint {

/// Bytes of the well-formed character at the front (1 to 4), or 0. Source: RFC 3629.
std::size_t utf8_character(std::string_view text);

bool is_utf8(std::string_view text);

/// Control characters and bytes that are not UTF-8 as \x0a; cut, with "...", after about 2000 bytes.
std::string one_line(std::string text);

}  // namespace zeropoint
