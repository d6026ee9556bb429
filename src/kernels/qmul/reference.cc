#include "kernels/qmul/qmul.h"

namespace zeropoint::reference {

template <class Code>
void qmul(const Code* a, const Code* b, std::int64_t n, const MulRule& rule, Code* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<Code>(rule(a[i], b[i]));
}
template void qmul(const std::uint8_t*, const std::uint8_t*, std::int64_t, const MulRule&, std::uint8_t*);
template void qmul(const std::int8_t*, const std::int8_t*, std::int64_t, const MulRule&, std::int8_t*);

}  // namespace zeropoint::reference
