// The vector kernels for sums and products of codes under one name, for code that is written once for both
// operations and both 8-bit types.
#pragma once

#include <cstdint>

#include "kernels/qadd/qadd.h"
#include "kernels/qmul/qmul.h"

namespace zeropoint {

inline void row(const AddRule& rule, const std::uint8_t* a, const std::uint8_t* b, std::int64_t n, std::uint8_t* y) {
  qadd_u8(a, b, n, rule, y);
}
inline void row(const AddRule& rule, const std::int8_t* a, const std::int8_t* b, std::int64_t n, std::int8_t* y) {
  qadd_i8(a, b, n, rule, y);
}
inline void row(const MulRule& rule, const std::uint8_t* a, const std::uint8_t* b, std::int64_t n, std::uint8_t* y) {
  qmul_u8(a, b, n, rule, y);
}
inline void row(const MulRule& rule, const std::int8_t* a, const std::int8_t* b, std::int64_t n, std::int8_t* y) {
  qmul_i8(a, b, n, rule, y);
}

}  // namespace zeropoint
