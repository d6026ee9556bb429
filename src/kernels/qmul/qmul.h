// Elementwise products of 8-bit codes on different grids, bit for bit as MulRule defines them.
//
// a, b and y are of the same code type; y may be a or b themselves. Any alignment.
#pragma once

#include <cstdint>

#include "quant/pair_rules.h"

namespace zeropoint {

void qmul_u8(const std::uint8_t* a, const std::uint8_t* b, std::int64_t n, const MulRule& rule, std::uint8_t* y);
void qmul_i8(const std::int8_t* a, const std::int8_t* b, std::int64_t n, const MulRule& rule, std::int8_t* y);

namespace reference {
template <class Code>
void qmul(const Code* a, const Code* b, std::int64_t n, const MulRule& rule, Code* y);
}  // namespace reference

}  // namespace zeropoint
