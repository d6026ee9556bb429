#include <type_traits>

#include "kernels/pack/pack.h"

namespace zeropoint::reference {

template <int kBits>
void pack(const std::uint8_t* codes, std::int64_t n, std::uint8_t* packed) {
  constexpr int kPerByte = 8 / kBits;
  constexpr int kMask = (1 << kBits) - 1;
  for (std::int64_t i = 0; i < n; ++i) {
    const int shift = static_cast<int>(i % kPerByte) * kBits;
    const int others = shift == 0 ? 0 : packed[i / kPerByte];
    packed[i / kPerByte] = static_cast<std::uint8_t>(others | (codes[i] & kMask) << shift);
  }
}
template void pack<2>(const std::uint8_t*, std::int64_t, std::uint8_t*);
template void pack<4>(const std::uint8_t*, std::int64_t, std::uint8_t*);

template <int kBits, class Code>
void unpack(const std::uint8_t* packed, std::int64_t n, Code* codes) {
  constexpr int kPerByte = 8 / kBits;
  constexpr int kMask = (1 << kBits) - 1;
  constexpr int kSign = std::is_signed_v<Code> ? 1 << (kBits - 1) : 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const int bits = packed[i / kPerByte] >> (static_cast<int>(i % kPerByte) * kBits) & kMask;
    codes[i] = static_cast<Code>((bits ^ kSign) - kSign);
  }
}
template void unpack<2>(const std::uint8_t*, std::int64_t, std::uint8_t*);
template void unpack<2>(const std::uint8_t*, std::int64_t, std::int8_t*);
template void unpack<4>(const std::uint8_t*, std::int64_t, std::uint8_t*);
template void unpack<4>(const std::uint8_t*, std::int64_t, std::int8_t*);

}  // namespace zeropoint::reference
