// "1 sample", "2 samples": a number with its noun, for sentences.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace zeropoint {

/// `plural` is given where it is more than an added s.
inline std::string counted(std::uint64_t n, std::string_view noun, std::string_view plural = {}) {
  if (n == 1 || plural.empty()) return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
  return fmt::format("{} {}", n, plural);
}
inline std::string counted(std::int64_t n, std::string_view noun, std::string_view plural = {}) {
  return counted(static_cast<std::uint64_t>(n), noun, plural);
}

}  // namespace zeropoint
