// The shape of a float32 reduction, shared by the vector kernel and its scalar twin.
#pragma once

#include <cstddef>

namespace zeropoint {

constexpr std::size_t kReduceLanes = 64;    // running sums: four AVX-512 registers hide the latency of an addition
constexpr std::size_t kReduceBlock = 1024;  // elements that share them before the sum moves to double

}  // namespace zeropoint
