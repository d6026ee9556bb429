#include "pipeline/weight_patterns.h"

#include <algorithm>

#include "base/fail.h"
#include "base/glob.h"
#include "formats/matrix_parts.h"

namespace zeropoint {
namespace {

bool matches(const std::string& pattern, const std::string& weight) {
  return glob_match(pattern, weight) || glob_match(pattern, module_of(weight));
}

}  // namespace

bool matches_any(const std::vector<std::string>& patterns, const std::string& weight) {
  return std::ranges::any_of(patterns, [&](const std::string& p) { return matches(p, weight); });
}

void check_weight_patterns(const Checkpoint& checkpoint, const std::vector<std::string>& patterns,
                           std::string_view option) {
  for (const std::string& pattern : patterns) {
    const auto hit = [&](const StoredTensor& t) { return matches(pattern, t.name); };
    if (std::ranges::any_of(checkpoint.weights->tensors(), hit)) continue;
    fail(ErrorKind::invalid_option, std::string(option),
         "'{}' matches no weight; 'zeropoint inspect {} --tensors' lists them", pattern, checkpoint.path.string());
  }
}

}  // namespace zeropoint
