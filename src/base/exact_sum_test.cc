#include "base/exact_sum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "base/int128.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

ExactSum sum_of(const std::vector<double>& terms) {
  ExactSum sum;
  for (const double term : terms) sum.add(term);
  return sum;
}

/// Doubles as sums of float32 squares make them: any sign, exponents from -298 to 250.
rc::Gen<double> term() {
  return rc::gen::map(
      rc::gen::pair(rc::gen::inRange<std::int64_t>(-(1LL << 24), 1LL << 24), rc::gen::inRange(-298, 250)),
      [](const std::pair<std::int64_t, int>& p) { return std::ldexp(static_cast<double>(p.first), p.second); });
}

TEST(ExactSum, KeepsWhatRoundingWouldLose) {
  EXPECT_EQ(sum_of({1e30, 1, -1e30}).value(), 1);
  EXPECT_EQ(sum_of({0.1, 0.2, 0.3, -0.6}).value(), 2.7755575615628914e-17);  // of the nearest doubles, exactly
  EXPECT_EQ(sum_of({}).value(), 0);
  EXPECT_EQ(sum_of({-5, 5}), ExactSum());
}

TEST(ExactSum, RoundsOnceToNearestEven) {
  EXPECT_EQ(sum_of({0x1p53, 1}).value(), 0x1p53);                // a tie: to the even neighbour
  EXPECT_EQ(sum_of({0x1p53, 1, 0x1p-298}).value(), 0x1p53 + 2);  // the last bit decides
  EXPECT_EQ(sum_of({-0x1p53, -3}).value(), -0x1p53 - 4);         // the other tie
}

TEST(ExactSum, PartsStartWithTheValueAndGiveTheSumBack) {
  EXPECT_THAT(sum_of({1e30, 1}).parts(), testing::ElementsAre(1e30, 1));
  EXPECT_THAT(sum_of({}).parts(), testing::IsEmpty());
}

TEST(ExactSum, HoldsTheSquaresOfTheLargestAndSmallestFloats) {
  const double largest = std::numeric_limits<float>::max();
  const double smallest = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(sum_of({largest * largest, smallest * smallest, -largest * largest}).value(), smallest * smallest);
  EXPECT_THROW(sum_of({0x1p320}), Error);
  EXPECT_THROW(sum_of({0x1p-299}), Error);
  EXPECT_THROW(sum_of({std::numeric_limits<double>::quiet_NaN()}), Error);
  EXPECT_THROW(sum_of({std::numeric_limits<double>::infinity()}), Error);
}

RC_GTEST_PROP(ExactSum, OrderAndGroupingDoNotMatter, ()) {
  const auto terms = *rc::gen::container<std::vector<double>>(term());
  auto shuffled = terms;
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(*rc::gen::arbitrary<std::uint32_t>()));
  const auto cut = *rc::gen::inRange<std::size_t>(0, terms.size() + 1);
  const auto border = shuffled.begin() + static_cast<std::ptrdiff_t>(cut);
  ExactSum left = sum_of({shuffled.begin(), border});
  left.add(sum_of({border, shuffled.end()}));
  RC_ASSERT(left == sum_of(terms));
}

RC_GTEST_PROP(ExactSum, PartsAreExact, ()) {
  const ExactSum sum = sum_of(*rc::gen::container<std::vector<double>>(term()));
  RC_ASSERT(sum_of(sum.parts()) == sum);
}

RC_GTEST_PROP(ExactSum, IsTheIntegerSum, ()) {
  const auto terms =
      *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(-(1LL << 52), 1LL << 52));
  ExactSum sum;
  int128 expected = 0;
  for (const std::int64_t t : terms) {
    sum.add(static_cast<double>(t));
    expected += t;
  }
  RC_ASSERT(sum.value() == static_cast<double>(expected));
}

}  // namespace
}  // namespace zeropoint
