// Where each buffer of a plan lies in one arena: buffers whose lifetimes do not meet share bytes.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace zeropoint {

/// A buffer that is needed from step `first` to step `last`, both inclusive.
struct BufferNeed {
  std::size_t bytes = 0;
  int first = 0;
  int last = 0;
};

struct MemoryPlan {
  std::vector<std::size_t> offsets;  // one per need, multiples of 64
  std::size_t bytes = 0;             // the arena
};

/// Greedy by size: the largest buffer first, each at the lowest offset that is free during its whole life
/// (Pisarchyk and Lee 2020, "Efficient Memory Management for Deep Neural Net Inference").
MemoryPlan plan_memory(std::span<const BufferNeed> needs);

}  // namespace zeropoint
