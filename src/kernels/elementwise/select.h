// y[r][c] = condition[r][c] ? a[r][c] : b[r][c] for elements of 32 bits, with broadcasting.
//
// A condition is a byte, true when it is not 0. y is dense and overlaps none of the operands.
#pragma once

#include <cstdint>

#include "kernels/elementwise/strided.h"

namespace zeropoint {

void select_u32(Strided<std::uint8_t> condition, Strided<std::uint32_t> a, Strided<std::uint32_t> b, std::uint32_t* y,
                std::int64_t rows, std::int64_t cols);

}  // namespace zeropoint
