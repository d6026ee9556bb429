#include "cli/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/counted.h"
#include "base/fail.h"
#include "base/nearest.h"

namespace zeropoint::cli {
namespace {

bool is_whole_from(std::int64_t lowest, const std::string& text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end && value >= lowest;
}

}  // namespace

std::string whole_above_zero(const std::string& text) {
  return is_whole_from(1, text) ? "" : fmt::format("'{}' is not a whole number above 0", text);
}

std::string axis_or_none(const std::string& text) {
  return is_whole_from(-1, text) ? "" : fmt::format("'{}' is neither an axis nor -1", text);
}

std::string whole_from_zero(const std::string& text) {
  return is_whole_from(0, text) ? "" : fmt::format("'{}' is not a whole number from 0", text);
}

int axis_of(const char* option, int axis, int rank) {
  if (axis < -rank || axis >= rank) {
    fail(ErrorKind::invalid_option, option, "there is no axis {} in an array of {}", axis,
         counted(std::int64_t{rank}, "axis", "axes"));
  }
  return axis < 0 ? axis + rank : axis;
}

std::function<std::string(const std::string&)> one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& text) -> std::string {
    if (std::ranges::find(words, text) != words.end()) return "";
    const std::vector<std::string_view> views(words.begin(), words.end());
    return unknown_word("word", text, views);
  };
}

}  // namespace zeropoint::cli
