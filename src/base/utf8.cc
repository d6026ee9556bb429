#include "base/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace zeropoint {
namespace {

constexpr std::size_t kLongestLine = 2000;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::size_t utf8_character(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool is_overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool is_surrogate = first == 0xED && second > 0x9F;
  const bool is_beyond_unicode = first == 0xF4 && second > 0x8F;
  return is_overlong || is_surrogate || is_beyond_unicode ? 0 : length;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_character(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string one_line(std::string text) {
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  if (is_plain && text.size() <= kLongestLine) return text;

  std::string line;
  std::string_view rest = text;
  while (!rest.empty()) {
    if (line.size() > kLongestLine) return line + "...";
    const std::size_t length = utf8_character(rest);
    const auto first = static_cast<unsigned char>(rest[0]);
    const bool is_control = first < 0x20 || first == 0x7F;
    if (length == 0 || is_control) {
      line += fmt::format("\\x{:02x}", first);
      rest.remove_prefix(1);
    } else {
      line += rest.substr(0, length);
      rest.remove_prefix(length);
    }
  }
  return line;
}

}  // namespace zeropoint
