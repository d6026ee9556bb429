#include "cli/checks.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

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

}  // namespace zeropoint::cli
