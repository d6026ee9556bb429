#include "kernels/elementwise/select.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

TEST(Select, EveryTargetAndEveryBroadcast) {
  std::vector<std::uint8_t> condition(301);
  std::vector<std::uint32_t> a(301), b(301);
  for (std::size_t i = 0; i < a.size(); ++i) {
    condition[i] = i % 3 == 0 ? 0 : static_cast<std::uint8_t>(i % 5);  // true is any byte but 0
    a[i] = static_cast<std::uint32_t>(1000 + i);
    b[i] = static_cast<std::uint32_t>(5000 + i);
  }
  testing::for_each_target([&] {
    for (const std::int64_t cols : {1, 3, 8, 15, 16, 17, 70}) {
      for (int steps = 0; steps < 8; ++steps) {
        const Strided<std::uint8_t> c{condition.data() + 1, cols, steps & 1};
        const Strided<std::uint32_t> x{a.data() + 1, 0, steps >> 1 & 1};
        const Strided<std::uint32_t> y{b.data() + 1, 2, steps >> 2 & 1};
        std::vector<std::uint32_t> out(static_cast<std::size_t>(3 * cols) + 1, 42);
        select_u32(c, x, y, out.data(), 3, cols);
        for (std::int64_t row = 0; row < 3; ++row) {
          for (std::int64_t i = 0; i < cols; ++i) {
            const bool holds = c.data[row * c.row_step + i * c.col_step] != 0;
            const std::uint32_t expected =
                holds ? x.data[row * x.row_step + i * x.col_step] : y.data[row * y.row_step + i * y.col_step];
            ASSERT_EQ(out[static_cast<std::size_t>(row * cols + i)], expected) << row << ", " << i << "/" << cols;
          }
        }
        EXPECT_EQ(out.back(), 42);
      }
    }
  });
}

}  // namespace
}  // namespace zeropoint
