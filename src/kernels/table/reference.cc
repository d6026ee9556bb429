#include "kernels/table/table.h"

namespace zeropoint {

void reference::table_u8(const std::uint8_t* x, std::int64_t n, const CodeTable256& table, std::uint8_t* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = table[x[i]];
}

}  // namespace zeropoint
