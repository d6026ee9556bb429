// 128-bit integers, an extension that GCC and Clang share: exact sums and products of 64-bit values.
#pragma once

namespace zeropoint {

__extension__ using int128 = __int128;

}  // namespace zeropoint
