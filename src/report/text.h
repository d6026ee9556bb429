// Paragraphs for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace zeropoint {

/// Words of `text` in lines of at most `columns` characters, each after `indent` blanks; ends with a newline.
std::string wrap_text(std::string_view text, std::size_t indent, std::size_t columns);

}  // namespace zeropoint
