// Shell-style patterns on names.
#pragma once

#include <string_view>

namespace zeropoint {

/// Whole-name match: `*` any run of characters (also '/' and '.'), `?` one, `[a-z]` and `[!a-z]` one of a set.
/// A '[' that no ']' closes is an ordinary character.
bool glob_match(std::string_view pattern, std::string_view name);

}  // namespace zeropoint
