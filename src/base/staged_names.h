// Errors about files that are still in a temporary folder, told by the names that the user gave.
#pragma once

#include <filesystem>
#include <utility>

#include "zeropoint/error.h"

namespace zeropoint {

/// `error` with every path below `staged` in its `where` as the path below `target` that it is to become. An empty
/// `target` is the working folder.
Error with_final_names(const Error& error, const std::filesystem::path& staged, const std::filesystem::path& target);

/// What `work` returns; errors that it throws have final names.
template <class Work>
decltype(auto) in_final_names(const std::filesystem::path& staged, const std::filesystem::path& target, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error& error) {
    throw with_final_names(error, staged, target);
  }
}

}  // namespace zeropoint
