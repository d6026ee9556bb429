// The shape of a row's sum, shared by the vector kernel and its scalar twin.
#pragma once

#include <cstddef>

namespace zeropoint {

constexpr std::size_t kSoftmaxLanes = 16;
constexpr std::size_t kSoftmaxBlock = 1024;

}  // namespace zeropoint
