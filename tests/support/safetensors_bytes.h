// The bytes of a safetensors file from the text of its header: to write files that are wrong on purpose.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace zeropoint::testing {

/// Eight bytes of length, the header, the elements.
inline std::string safetensors_bytes(std::string_view header, std::string_view data = "") {
  std::string bytes(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(std::uint64_t{header.size()} >> (8 * i));
  bytes += header;
  bytes += data;
  return bytes;
}

}  // namespace zeropoint::testing
