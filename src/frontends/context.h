// Says where in a file an error happened: each level of a reader adds its own words.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/fail.h"

namespace zeropoint {

/// Throws invalid_model whose place the enclosing within() calls will name.
template <class... Args>
[[noreturn]] void fail_here(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(ErrorKind::invalid_model, "", fmt::format(format, std::forward<Args>(args)...));
}

/// Names of graphs, nodes, values and operators go into reports and JSON: they must be text.
void require_utf8(std::string_view name);

/// Runs `read`; an error that comes out of it gets "place()" in front. Errors of files (io) name their own place.
template <class Place, class Read>
decltype(auto) within(const Place& place, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::io) throw;
    const std::string inner = error.where().empty() ? "" : error.where() + ": ";
    throw Error(error.kind(), "", place() + ": " + inner + error.message());
  }
}

/// The outermost level: the file becomes the error's `where`.
template <class Read>
decltype(auto) within_file(const std::string& file, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::io) throw;
    const std::string inner = error.where().empty() ? "" : error.where() + ": ";
    throw Error(error.kind(), file, inner + error.message());
  }
}

}  // namespace zeropoint
