// Functions of one 8-bit code: y[i] = table[x[i]].
//
// Signed codes index the table by their bits (code 0 is entry 0, code -1 is entry 255). y may be x
// itself. Any alignment.
//
// AVX-512 VBMI looks 64 bytes up at once, at the speed of the cache and nearly twenty times as fast as
// one load per element. The shuffles of older instruction sets were measured to gain nothing over that
// loop, which is the reference.
#pragma once

#include <array>
#include <cstdint>

namespace zeropoint {

using CodeTable256 = std::array<std::uint8_t, 256>;

void table_u8(const std::uint8_t* x, std::int64_t n, const CodeTable256& table, std::uint8_t* y);

namespace reference {
void table_u8(const std::uint8_t* x, std::int64_t n, const CodeTable256& table, std::uint8_t* y);
}  // namespace reference

}  // namespace zeropoint
