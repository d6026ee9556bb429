#include "kernels/pair_codes/pair_codes.h"

namespace zeropoint::reference {

template <class Code>
void pair_codes(const Code* a, const Code* b, std::int64_t n, std::int64_t step, std::int32_t zero_point,
                std::int16_t* to) {
  for (std::int64_t i = 0; i < n; ++i) {
    to[2 * i] = static_cast<std::int16_t>(a[i * step] - zero_point);
    to[2 * i + 1] = b == nullptr ? std::int16_t{0} : static_cast<std::int16_t>(b[i * step] - zero_point);
  }
}

template <class Code>
void code_differences(const Code* q, std::int64_t n, std::int32_t zero_point, std::int16_t* to) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = static_cast<std::int16_t>(q[i] - zero_point);
}

template void pair_codes(const std::uint8_t*, const std::uint8_t*, std::int64_t, std::int64_t, std::int32_t,
                         std::int16_t*);
template void pair_codes(const std::int8_t*, const std::int8_t*, std::int64_t, std::int64_t, std::int32_t,
                         std::int16_t*);
template void code_differences(const std::uint8_t*, std::int64_t, std::int32_t, std::int16_t*);
template void code_differences(const std::int8_t*, std::int64_t, std::int32_t, std::int16_t*);

}  // namespace zeropoint::reference
