#include "base/glob.h"

#include <optional>

namespace zeropoint {
namespace {

struct SetMatch {
  std::size_t length = 0;  // of the set in the pattern, 0: not a set
  bool matches = false;
};

// The set that begins at pattern[0] == '['. A ']' directly after '[' or '[!' belongs to the set.
SetMatch match_set(std::string_view pattern, char c) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && pattern[i] == '!';
  if (negated) ++i;
  const std::size_t close = pattern.find(']', i + 1);
  if (close == std::string_view::npos) return {};
  bool found = false;
  while (i < close) {
    if (i + 2 < close && pattern[i + 1] == '-') {
      found = found || (pattern[i] <= c && c <= pattern[i + 2]);
      i += 3;
    } else {
      found = found || pattern[i] == c;
      ++i;
    }
  }
  return {.length = close + 1, .matches = found != negated};
}

// How many pattern characters match c at the front, or nullopt.
std::optional<std::size_t> match_one(std::string_view pattern, char c) {
  if (pattern.empty()) return std::nullopt;
  if (pattern.front() == '?') return 1;
  if (pattern.front() == '[') {
    const SetMatch set = match_set(pattern, c);
    if (set.length > 0) return set.matches ? std::optional(set.length) : std::nullopt;
  }
  return pattern.front() == c ? std::optional<std::size_t>(1) : std::nullopt;
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view name) {
  // On a mismatch go back to the last '*' and let it swallow one more character: linear memory, no recursion.
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (const auto length = match_one(pattern.substr(p), name[n])) {
      p += *length;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace zeropoint
