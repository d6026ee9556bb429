// A 64-bit fingerprint of bytes: tells accidental differences apart, such as another model or an interrupted write.
// No protection against anybody who wants two inputs to look alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace zeropoint {

class Fingerprint {
 public:
  /// Adds bytes and their count: {"ab", "c"} differs from {"a", "bc"}.
  void add(std::span<const std::byte> bytes);
  void add(std::string_view text);
  void add(std::int64_t number);

  std::string hex() const;  ///< 16 digits

 private:
  std::uint64_t state_ = 0x9E3779B97F4A7C15;
};

}  // namespace zeropoint
