#include "kernels/elementwise/compare.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

template <class T>
using Compare = void (*)(Comparison, Strided<T>, Strided<T>, std::uint8_t*, std::int64_t, std::int64_t);

template <class T>
bool holds(Comparison op, T a, T b) {
  return op == Comparison::equal ? a == b : op == Comparison::greater ? a > b : a >= b;
}

/// Few distinct values, so that every outcome is frequent, and the awkward ones of the type.
template <class T>
std::vector<T> values(std::size_t n, unsigned seed) {
  const T odd =
      std::numeric_limits<T>::has_quiet_NaN ? std::numeric_limits<T>::quiet_NaN() : std::numeric_limits<T>::min();
  const T choices[] = {T{0}, T{1}, T{2}, static_cast<T>(-1), std::numeric_limits<T>::max(), odd};
  std::mt19937 random(seed);
  std::vector<T> x(n);
  for (T& value : x) value = choices[random() % std::size(choices)];
  return x;
}

template <class T>
void check(Compare<T> compare) {
  const std::vector<T> a = values<T>(300, 1);
  const std::vector<T> b = values<T>(300, 2);
  testing::for_each_target([&] {
    for (const Comparison op : {Comparison::equal, Comparison::greater, Comparison::greater_or_equal}) {
      for (const std::int64_t cols : {1, 3, 8, 15, 16, 17, 70}) {
        for (const bool repeat : {false, true}) {
          const Strided<T> lhs{a.data() + 1, cols, 1};
          const Strided<T> rhs{b.data() + 1, 1, repeat ? 0 : 1};
          std::vector<std::uint8_t> y(static_cast<std::size_t>(3 * cols) + 1, 42);
          compare(op, lhs, rhs, y.data(), 3, cols);
          for (std::int64_t r = 0; r < 3; ++r) {
            for (std::int64_t c = 0; c < cols; ++c) {
              const T u = lhs.data[r * cols + c];
              const T v = rhs.data[r + c * rhs.col_step];
              ASSERT_EQ(y[static_cast<std::size_t>(r * cols + c)], holds(op, u, v) ? 1 : 0) << u << ", " << v;
            }
          }
          EXPECT_EQ(y.back(), 42);
        }
      }
    }
  });
}

TEST(Compare, EveryTypeOnEveryTarget) {
  check<float>(compare_f32);
  check<std::int32_t>(compare_s32);
  check<std::int64_t>(compare_s64);
}

}  // namespace
}  // namespace zeropoint
