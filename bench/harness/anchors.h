// What the machine can do right now: arithmetic, reading and copying, timed beside every comparison.
//
// Not portable on purpose: an anchor is the limit of one kind of processor. Each is the plainest loop
// that reaches it, with AVX-512 or AVX2 where the processor has it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace zeropoint::bench {

float fma_loop(std::int64_t iterations);               ///< float32 multiply-adds in registers
std::int32_t vnni_loop(std::int64_t iterations);       ///< u8 x s8 dot products in registers; 0 where there are none
double read_all(const void* data, std::size_t bytes);  ///< every vector once
std::int64_t read_every_line(const void* data, std::size_t bytes);   ///< one word of every cache line
void copy_streaming(void* to, const void* from, std::size_t bytes);  ///< stores past the cache; 64-byte aligned

}  // namespace zeropoint::bench
