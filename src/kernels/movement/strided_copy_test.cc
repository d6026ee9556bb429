#include "kernels/movement/strided_copy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "base/parallel.h"

namespace zeropoint {
namespace {

/// The definition, one element at a time.
void copy_slowly(const Shape& shape, const Shape& dst_strides, const Shape& src_strides, std::size_t size,
                 std::byte* dst, const std::byte* src, std::size_t axis = 0) {
  if (axis == shape.size()) return void(std::memcpy(dst, src, size));
  for (std::int64_t i = 0; i < shape[axis]; ++i) {
    copy_slowly(shape, dst_strides, src_strides, size, dst + i * dst_strides[axis] * static_cast<std::int64_t>(size),
                src + i * src_strides[axis] * static_cast<std::int64_t>(size), axis + 1);
  }
}

void expect_like_reference(const Shape& shape, const Shape& dst_strides, const Shape& src_strides, std::size_t size,
                           std::size_t dst_elements, std::size_t src_elements, std::int64_t src_first = 0) {
  std::vector<std::byte> src(src_elements * size);
  for (std::size_t i = 0; i < src.size(); ++i) src[i] = static_cast<std::byte>(i * 7 + i / 251);
  std::vector<std::byte> expected(dst_elements * size, std::byte{0xEE});
  std::vector<std::byte> actual = expected;
  const std::byte* from = src.data() + src_first * static_cast<std::int64_t>(size);
  copy_slowly(shape, dst_strides, src_strides, size, expected.data(), from);
  StridedCopy(shape, dst_strides, src_strides, size).run(actual.data(), from);
  EXPECT_EQ(actual, expected) << to_string(shape) << " of " << size << " bytes";
}

TEST(StridedCopy, EveryElementSizeOfASmallTransposition) {
  for (const std::size_t size : {1, 2, 4, 8, 16}) expect_like_reference({3, 5}, {5, 1}, {1, 3}, size, 15, 15);
}

TEST(StridedCopy, TransposesAroundTheTileBorders) {
  for (const std::int64_t rows : {1, 7, 8, 9, 31, 32, 33, 70}) {
    for (const std::int64_t columns : {1, 3, 8, 17, 511, 512, 513}) {
      const auto count = static_cast<std::size_t>(rows * columns);
      for (const std::size_t size : {1, 4}) {
        expect_like_reference({rows, columns}, {columns, 1}, {1, rows}, size, count, count);
      }
    }
  }
}

TEST(StridedCopy, RandomStridesAreLikeTheReference) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const std::size_t rank = random() % 6;
    Shape shape(rank);
    for (auto& dim : shape) dim = static_cast<std::int64_t>(1 + random() % 5);
    std::vector<std::size_t> order(rank);
    for (std::size_t i = 0; i < rank; ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    Shape src_strides(rank);
    std::int64_t step = 1;
    std::int64_t first = 0;
    for (const std::size_t axis : order) {  // a permuted, stepped, repeated and reversed source
      const auto kind = random() % 8;
      src_strides[axis] = kind == 0 ? 0 : step;
      if (kind == 0) continue;
      step *= shape[axis] + (kind == 1 ? 1 : 0);
      if (kind == 2) {
        src_strides[axis] = -src_strides[axis];
        first -= src_strides[axis] * (shape[axis] - 1);
      }
    }
    const auto dst_elements = static_cast<std::size_t>(element_count(shape));
    expect_like_reference(shape, row_major_strides(shape), src_strides, std::size_t{1} << random() % 5, dst_elements,
                          static_cast<std::size_t>(step), first);
  }
}

TEST(StridedCopy, LeavesElementsBetweenStridesAlone) { expect_like_reference({4, 3}, {10, 1}, {3, 1}, 4, 40, 12); }

TEST(StridedCopy, LargeArraysAreCutIntoPieces) {
  const Shape runs = {2, 300'000};
  expect_like_reference(runs, {300'000, 1}, {300'000, 1}, 4, 600'000, 600'000);
  expect_like_reference({3, 400'000}, {400'000, 1}, {1, 3}, 1, 1'200'000, 1'200'000);
  expect_like_reference({500'000}, {1}, {2}, 2, 500'000, 1'000'000);
  expect_like_reference({500'000}, {1}, {0}, 4, 500'000, 1);
  expect_like_reference({40, 9, 1000}, {9000, 1000, 1}, {1000, 40'000, 1}, 4, 360'000, 360'000);
}

TEST(StridedCopy, EmptyAndScalar) {
  expect_like_reference({0, 4}, {4, 1}, {4, 1}, 4, 1, 1);
  expect_like_reference({}, {}, {}, 8, 1, 1);
}

}  // namespace
}  // namespace zeropoint
