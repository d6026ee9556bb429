#include "kernels/qadd/qadd.h"

namespace zeropoint::reference {

template <class Code>
void qadd(const Code* a, const Code* b, std::int64_t n, const AddRule& rule, Code* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<Code>(rule(a[i], b[i]));
}
template void qadd(const std::uint8_t*, const std::uint8_t*, std::int64_t, const AddRule&, std::uint8_t*);
template void qadd(const std::int8_t*, const std::int8_t*, std::int64_t, const AddRule&, std::int8_t*);

}  // namespace zeropoint::reference
