#include "executor/memory_plan.h"

#include <algorithm>
#include <numeric>

namespace zeropoint {
namespace {

constexpr std::size_t kAlignment = 64;

std::size_t rounded_up(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

MemoryPlan plan_memory(std::span<const BufferNeed> needs) {
  MemoryPlan plan;
  plan.offsets.resize(needs.size());
  std::vector<std::size_t> order(needs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return needs[a].bytes > needs[b].bytes; });

  std::vector<std::size_t> placed;  // sorted by offset
  for (const std::size_t i : order) {
    const BufferNeed& need = needs[i];
    const std::size_t bytes = rounded_up(need.bytes);
    std::size_t offset = 0;
    for (const std::size_t j : placed) {
      const bool lives_together = needs[j].first <= need.last && need.first <= needs[j].last;
      if (!lives_together) continue;
      if (offset + bytes <= plan.offsets[j]) break;
      offset = std::max(offset, plan.offsets[j] + rounded_up(needs[j].bytes));
    }
    plan.offsets[i] = offset;
    plan.bytes = std::max(plan.bytes, offset + bytes);
    placed.insert(std::ranges::upper_bound(placed, offset, {}, [&](std::size_t j) { return plan.offsets[j]; }), i);
  }
  return plan;
}

}  // namespace zeropoint
