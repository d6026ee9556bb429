#include "kernels/requantize/requantize.h"

namespace zeropoint::reference {

template <class Code>
void requantize_s32(const std::int32_t* acc, std::int64_t n, std::span<const Rescale> rescale,
                    const RequantizeTarget& target, Code* q) {
  for (std::int64_t i = 0; i < n; ++i) {
    const Rescale& at = rescale[static_cast<std::size_t>(i) % rescale.size()];
    q[i] = static_cast<Code>(requantize_value(acc[i], at, target.zero_point, target.codes, target.arithmetic));
  }
}
template void requantize_s32(const std::int32_t*, std::int64_t, std::span<const Rescale>, const RequantizeTarget&,
                             std::uint8_t*);
template void requantize_s32(const std::int32_t*, std::int64_t, std::span<const Rescale>, const RequantizeTarget&,
                             std::int8_t*);

}  // namespace zeropoint::reference
