#include "report/text.h"

namespace zeropoint {

std::string wrap_text(std::string_view text, std::size_t indent, std::size_t columns) {
  std::string result;
  std::size_t used = columns;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (used + 1 + word.size() > columns) {
      if (!result.empty()) result += '\n';
      result.append(indent, ' ');
      used = indent;
    } else {
      result += ' ';
      ++used;
    }
    result += word;
    used += word.size();
    text.remove_prefix(word.size() < text.size() ? word.size() + 1 : word.size());
  }
  return result + "\n";
}

}  // namespace zeropoint
