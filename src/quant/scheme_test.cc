#include "quant/scheme.h"

#include <gtest/gtest.h>

#include <vector>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

/// The definition: the grid of the element at these coordinates, in the order of grid_shape().
std::int64_t grid_of(const Shape& shape, const Scheme& scheme, std::int64_t element) {
  if (scheme.granularity == Granularity::per_tensor) return 0;
  std::vector<std::int64_t> at(shape.size());
  for (std::size_t i = shape.size(); i-- > 0; element /= shape[i]) at[i] = element % shape[i];
  const auto axis = static_cast<std::size_t>(scheme.axis);
  if (scheme.granularity == Granularity::per_axis) return at[axis];
  at[axis] /= scheme.block_size;
  const Shape grids = grid_shape(shape, scheme);
  std::int64_t index = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) index = index * grids[i] + at[i];
  return index;
}

void expect_patches_tell_every_grid(const Shape& shape, const Scheme& scheme, std::int64_t begin, std::int64_t end) {
  std::int64_t next = begin;
  for_each_patch(grid_layout(shape, scheme), begin, end, [&](const Patch& patch) {
    ASSERT_EQ(patch.begin, next);
    ASSERT_GT(patch.elements(), 0);
    for (std::int64_t i = 0; i < patch.elements(); ++i) {
      const std::int64_t step = patch.kind == Patch::Kind::runs ? i / patch.size : i % patch.size;
      ASSERT_EQ(patch.grid + step, grid_of(shape, scheme, patch.begin + i));
    }
    next += patch.elements();
  });
  EXPECT_EQ(next, end);
}

TEST(Patches, TellTheGridOfEveryElement) {
  for (const Shape& shape : {Shape{6}, Shape{4, 6}, Shape{3, 4, 5}, Shape{2, 3, 1, 5}, Shape{7, 1}}) {
    const std::int64_t n = element_count(shape);
    for (int axis = 0; axis < static_cast<int>(shape.size()); ++axis) {
      std::vector<Scheme> schemes = {{}, {.granularity = Granularity::per_axis, .axis = axis}};
      for (const std::int64_t block : {1, 2, 3, 100}) {
        schemes.push_back({.granularity = Granularity::blocked, .axis = axis, .block_size = block});
      }
      for (const Scheme& scheme : schemes) {
        for (std::int64_t begin = 0; begin < n; begin += 3) {
          for (std::int64_t end = begin + 1; end <= n; end += 4)
            expect_patches_tell_every_grid(shape, scheme, begin, end);
        }
        expect_patches_tell_every_grid(shape, scheme, 0, n);
      }
    }
  }
}

TEST(GridShape, IsThatOfOnnx) {
  EXPECT_EQ(grid_shape({2, 7}, {}), (Shape{}));
  EXPECT_EQ(grid_shape({2, 7}, {.granularity = Granularity::per_axis, .axis = -1}), (Shape{7}));
  EXPECT_EQ(grid_shape({2, 7}, {.granularity = Granularity::blocked, .axis = 1, .block_size = 3}), (Shape{2, 3}));
}

TEST(GridShape, RefusesWhatDoesNotFit) {
  try {
    grid_shape({2, 7}, {.granularity = Granularity::per_axis, .axis = 2});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "scheme: axis 2 does not exist in shape [2, 7]");
  }
  EXPECT_THROW(grid_shape({}, {.granularity = Granularity::per_axis}), Error);
  EXPECT_THROW(grid_shape({2}, {.dtype = DType::f32}), Error);
}

TEST(CodeRange, NarrowRangeDropsTheLowestCode) {
  EXPECT_EQ(code_range({.dtype = DType::i4, .symmetric = true, .narrow_range = true}), (CodeRange{-7, 7}));
  EXPECT_EQ(code_range({.dtype = DType::i4}), (CodeRange{-8, 7}));
  EXPECT_EQ(code_range({.dtype = DType::u2}), (CodeRange{0, 3}));
  EXPECT_THROW(code_range({.dtype = DType::f8e5m2}), Error);
}

}  // namespace
}  // namespace zeropoint
