#include "base/fingerprint.h"

#include <fmt/format.h>

#include <cstring>

namespace zeropoint {
namespace {

/// Every input bit reaches every output bit: the finalizer of MurmurHash3 (Appleby), a bijection.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 33U)) * 0xFF51AFD7ED558CCD;
  x = (x ^ (x >> 33U)) * 0xC4CEB9FE1A85EC53;
  return x ^ (x >> 33U);
}

std::uint64_t rotated(std::uint64_t x, int bits) { return (x << bits) | (x >> (64 - bits)); }

}  // namespace

void Fingerprint::add(std::span<const std::byte> bytes) {
  constexpr std::size_t kLanes = 4;  // chains of multiplications that run side by side
  constexpr std::uint64_t kOdd = 0x9FB21C651E98DF25;
  std::uint64_t lanes[kLanes] = {state_, state_ + 1, state_ + 2, state_ + 3};
  std::size_t i = 0;
  for (; i + 8 * kLanes <= bytes.size(); i += 8 * kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + i + 8 * lane, sizeof word);
      lanes[lane] = rotated((lanes[lane] ^ word) * kOdd, 29);
    }
  }
  for (; i < bytes.size(); ++i) lanes[0] = rotated((lanes[0] ^ static_cast<std::uint64_t>(bytes[i])) * kOdd, 29);
  state_ = mixed(state_ ^ bytes.size());
  for (const std::uint64_t lane : lanes) state_ = mixed(state_ * kOdd + mixed(lane));
}

void Fingerprint::add(std::string_view text) { add(std::as_bytes(std::span(text))); }

void Fingerprint::add(std::int64_t number) { add(std::as_bytes(std::span(&number, 1))); }

std::string Fingerprint::hex() const { return fmt::format("{:016x}", state_); }

}  // namespace zeropoint
