// Runs a test once per instruction set that this CPU and this build have, so that every vector kernel
// is compared with its reference on each of them.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace zeropoint::testing {

/// Until it goes out of scope, kernels run on one instruction set only.
class ForcedTarget {
 public:
  explicit ForcedTarget(std::int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
  }
  ~ForcedTarget() {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
  ForcedTarget(const ForcedTarget&) = delete;
  ForcedTarget& operator=(const ForcedTarget&) = delete;
};

template <class Test>
void for_each_target(Test&& test) {
  const std::int64_t supported = hwy::SupportedTargets();
  for (const std::int64_t target : {HWY_AVX3, HWY_AVX2, HWY_SSE4, HWY_NEON, HWY_SCALAR}) {
    if ((supported & target) == 0 && target != HWY_SCALAR) continue;
    SCOPED_TRACE(hwy::TargetName(target));
    const ForcedTarget forced(target);
    test();
    if (::testing::Test::HasFatalFailure()) return;
  }
}

/// Sizes around the widths of vectors and of unrolled loops: 0, 1, N-1, N, N+1, 4N+3 for N of 4 to 256 elements.
inline std::vector<std::int64_t> awkward_sizes() {
  std::vector<std::int64_t> sizes = {0, 1, 2, 3};
  for (std::int64_t n = 4; n <= 256; n *= 2) {
    for (const std::int64_t size : {n - 1, n, n + 1, 4 * n + 3}) sizes.push_back(size);
  }
  return sizes;
}

/// n floats around the ties of a grid with this scale, mixed with subnormals, huge and tiny values.
/// With `specials`, NaN and infinities too.
inline std::vector<float> awkward_floats(std::int64_t n, float scale, std::uint32_t seed, bool specials) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> step(-300, 300);
  std::uniform_int_distribution<int> kind(0, specials ? 15 : 11);
  std::normal_distribution<float> normal(0, 60 * scale);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> values(static_cast<std::size_t>(n));
  for (float& value : values) {
    const float tie = (static_cast<float>(step(random)) + 0.5F) * scale;
    switch (kind(random)) {
      case 0:
        value = tie;
        break;
      case 1:
        value = std::nextafter(tie, kInfinity);
        break;
      case 2:
        value = std::nextafter(tie, -kInfinity);
        break;
      case 3:
        value = static_cast<float>(step(random)) * scale;
        break;
      case 4:
        value = std::numeric_limits<float>::denorm_min() * static_cast<float>(step(random));
        break;
      case 5:
        value = std::numeric_limits<float>::max() * (step(random) < 0 ? -1 : 1);
        break;
      case 6:
        value = step(random) < 0 ? -0.0F : 0.0F;
        break;
      case 12:
        value = std::numeric_limits<float>::quiet_NaN();
        break;
      case 13:
        value = kInfinity;
        break;
      case 14:
        value = -kInfinity;
        break;
      default:
        value = normal(random);
        break;
    }
  }
  return values;
}

}  // namespace zeropoint::testing
