// A word that names nothing, answered with the nearest word that does.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace zeropoint {

/// The candidate with the fewest edits from `word`; empty when none is near enough to be a slip of the fingers.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// "unknown observer 'minmx'; did you mean 'minmax'? (entropy, minmax, mse)"
std::string unknown_word(std::string_view what, std::string_view word, std::span<const std::string_view> candidates);

}  // namespace zeropoint
