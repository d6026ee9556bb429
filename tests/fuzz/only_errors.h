// What a reader may do with hostile bytes: return, or throw one clear line that is not our own fault.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "zeropoint/error.h"

namespace zeropoint {

template <class Read>
void only_errors(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) std::abort();
    if (std::strchr(error.what(), '\n') != nullptr) std::abort();
  }
}

inline std::span<const std::byte> as_bytes(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

}  // namespace zeropoint
