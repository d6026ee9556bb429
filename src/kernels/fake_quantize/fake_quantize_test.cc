#include "kernels/fake_quantize/fake_quantize.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

using testing::awkward_floats;
using testing::awkward_sizes;
using testing::for_each_target;

void expect_reference(std::vector<float> x, std::int64_t offset, const CodeGrid& grid) {
  const std::int64_t n = static_cast<std::int64_t>(x.size()) - offset;
  std::vector<float> want(x.size(), 9.0F);
  const bool finite = reference::fake_quantize_f32(x.data() + offset, n, grid, want.data() + offset);
  EXPECT_EQ(fake_quantize_f32(x.data() + offset, n, grid, x.data() + offset), finite);  // in place
  const auto bytes = static_cast<std::size_t>(n) * sizeof(float);
  EXPECT_TRUE(n == 0 || std::memcmp(x.data() + offset, want.data() + offset, bytes) == 0)
      << "n " << n << " scale " << grid.scale;
}

TEST(FakeQuantizeKernel, EveryTargetMatchesTheReference) {
  for_each_target([] {
    std::uint32_t seed = 1;
    for (const std::int64_t n : awkward_sizes()) {
      for (const std::int64_t offset : {0, 3}) {
        ++seed;
        const auto x = awkward_floats(n + offset, 0.0213F, seed, seed % 2 == 0);
        expect_reference(x, offset, {0.0213F, 120, {0, 255}});
        expect_reference(x, offset, {0.0213F, -7, {-8, 7}});
      }
    }
    for (const float scale : {1.0F, 0.1F, 0x1p-20F, 1e-9F, 1e-40F, 1e30F, std::bit_cast<float>(0x3F800001U)}) {
      const auto x = awkward_floats(500, scale, ++seed, true);
      expect_reference(x, 0, {scale, 0, {-127, 127}});
      expect_reference(x, 0, {scale, 65535, {0, 65535}});
    }
  });
}

}  // namespace
}  // namespace zeropoint
