#include "zeropoint/error.h"

#include <array>
#include <utility>

#include "base/utf8.h"

namespace zeropoint {

std::string_view name(ErrorKind kind) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "invalid_model", "invalid_data", "invalid_option", "unsupported", "io", "interrupted", "internal"};
  return kNames[static_cast<std::size_t>(kind)];
}

Error::Error(ErrorKind kind, std::string where, std::string message)
    : kind_(kind),
      where_(one_line(std::move(where))),
      message_(one_line(std::move(message))),
      what_(where_.empty() ? message_ : where_ + ": " + message_) {}

}  // namespace zeropoint
