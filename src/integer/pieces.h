// How products are cut into pieces for threads.
#pragma once

#include <algorithm>
#include <cstdint>

namespace zeropoint::integer {

inline constexpr std::int64_t kProductsPerChunk = std::int64_t{1} << 19;  // what makes a thread worth while
inline constexpr std::int64_t kPairsPerChunk = std::int64_t{1} << 15;     // of codes that are only rearranged

/// a / b rounded up, for a >= 0.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// How many of something make a chunk of `total`, when each takes `each`.
constexpr std::int64_t grain(std::int64_t total, std::int64_t each) {
  return std::max<std::int64_t>(1, total / std::max<std::int64_t>(1, each));
}

}  // namespace zeropoint::integer
