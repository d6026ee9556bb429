// fail(): throw an Error with a formatted message.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "zeropoint/error.h"

namespace zeropoint {

/// fail(ErrorKind::io, path, "cannot open: {}", strerror(errno));
template <class... Args>
[[noreturn]] void fail(ErrorKind kind, std::string where, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, std::move(where), fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace zeropoint
