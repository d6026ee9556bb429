#include "executor/memory_plan.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace zeropoint {
namespace {

TEST(MemoryPlan, ReusesBytesOfABufferThatIsDead) {
  const BufferNeed needs[] = {{128, 0, 1}, {128, 1, 2}, {128, 2, 3}};
  const MemoryPlan plan = plan_memory(needs);
  EXPECT_EQ(plan.bytes, 256U);
  EXPECT_EQ(plan.offsets[0], plan.offsets[2]);
  EXPECT_NE(plan.offsets[0], plan.offsets[1]);
}

TEST(MemoryPlan, NothingNeedsNothing) { EXPECT_EQ(plan_memory({}).bytes, 0U); }

RC_GTEST_PROP(MemoryPlan, BuffersThatLiveTogetherDoNotOverlap, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(0, 40);
  std::vector<BufferNeed> needs(count);
  std::size_t sum = 0;
  for (BufferNeed& need : needs) {
    need.bytes = *rc::gen::inRange<std::size_t>(0, 1000);
    need.first = *rc::gen::inRange(0, 30);
    need.last = need.first + *rc::gen::inRange(0, 10);
    sum += (need.bytes + 63) / 64 * 64;
  }
  const MemoryPlan plan = plan_memory(needs);
  RC_ASSERT(plan.bytes <= sum);
  for (std::size_t i = 0; i < count; ++i) {
    RC_ASSERT(plan.offsets[i] % 64 == 0U);
    RC_ASSERT(plan.offsets[i] + needs[i].bytes <= plan.bytes);
    for (std::size_t j = 0; j < i; ++j) {
      if (needs[i].first > needs[j].last || needs[j].first > needs[i].last) continue;
      const std::size_t begin = std::max(plan.offsets[i], plan.offsets[j]);
      const std::size_t end = std::min(plan.offsets[i] + needs[i].bytes, plan.offsets[j] + needs[j].bytes);
      RC_ASSERT(begin >= end);
    }
  }
}

}  // namespace
}  // namespace zeropoint
