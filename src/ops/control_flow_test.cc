// If, Loop and Scan: operators that run graphs, inside programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "executor/program.h"
#include "graph/text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Tensor> run(std::string_view text, std::vector<Tensor> inputs, std::int64_t opset = 17) {
  return Program::compile(parse_graph(text), {{"", opset}}).run(inputs);
}

std::string error_of(std::string_view text, std::vector<Tensor> inputs) {
  try {
    run(text, std::move(inputs));
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::vector<float> floats(const Tensor& tensor) {
  return {tensor.values<float>().begin(), tensor.values<float>().end()};
}

constexpr std::string_view kChoice = R"(main (bool[] c, float32[2] x) => (y)
{
  y = If<
    then_branch = yes () => (float32[2] a) <> { a = Neg(x) },
    else_branch = no () => (float32[2] b) <> { b = Identity(x) }
  >(c)
}
)";

TEST(If, RunsTheBranchThatTheConditionNames) {
  const Tensor x = Tensor::of<float>({2}, {1, 2});
  EXPECT_THAT(floats(run(kChoice, {Tensor::scalar(true), x})[0]), ElementsAre(-1, -2));
  EXPECT_THAT(floats(run(kChoice, {Tensor::scalar(false), x})[0]), ElementsAre(1, 2));
}

TEST(If, BranchesMustAgree) {
  EXPECT_THAT(error_of(R"(main (bool[] c, float32[2] x) => (y)
{
  y = If<
    then_branch = yes () => (float32[2] a) <> { a = Neg(x) },
    else_branch = no () => (int64[1] b) <> { b = Shape(x) }
  >(c)
}
)",
                       {Tensor::scalar(true), Tensor::of<float>({2}, {1, 2})}),
              HasSubstr("output 0 is float32 in then_branch and int64 in else_branch"));
}

/// total += 2 until it is 5 or more, at most `trips` times; every total is collected.
constexpr std::string_view kCounting = R"(main (int64[] trips, bool[] go, float32[] start) => (last, all)
<float32[] two = {2}, float32[] five = {5}>
{
  last, all = Loop<
    body = step (int64[] i, bool[] c, float32[] before) => (bool[] more, float32[] after, float32[] seen) <> {
      after = Add(before, two)
      more = Less(after, five)
      seen = Identity(after)
    }
  >(trips, go, start)
}
)";

TEST(Loop, StopsByConditionOrByCount) {
  const auto count = [](std::int64_t trips, bool go) {
    return run(kCounting, {Tensor::scalar(trips), Tensor::scalar(go), Tensor::scalar(0.0F)});
  };
  EXPECT_THAT(floats(count(10, true)[1]), ElementsAre(2, 4, 6));
  EXPECT_THAT(floats(count(2, true)[1]), ElementsAre(2, 4));
  EXPECT_THAT(floats(count(2, true)[0]), ElementsAre(4));
}

TEST(Loop, WithoutAnIterationValuesPassThrough) {
  const auto results = run(kCounting, {Tensor::scalar<std::int64_t>(3), Tensor::scalar(false), Tensor::scalar(7.0F)});
  EXPECT_THAT(floats(results[0]), ElementsAre(7));
  EXPECT_EQ(results[1].shape(), (Shape{0}));
}

TEST(Loop, SlicesMustKeepTheirShape) {
  EXPECT_THAT(error_of(R"(main (int64[] trips, float32[N] x) => (last, all)
<bool[] yes = {1}>
{
  last, all = Loop<
    body = step (int64[] i, bool[] c, float32 before) => (bool[] more, float32 after, float32 seen) <> {
      more = Identity(c)
      after = Concat<axis = 0>(before, x)
      seen = Identity(after)
    }
  >(trips, yes, x)
}
)",
                       {Tensor::scalar<std::int64_t>(2), Tensor::of<float>({1}, {1})}),
              HasSubstr("iteration 1 gives float32 of shape [3], the ones before float32 of shape [2]"));
}

/// Running sums of the columns of x, collected along axis 1, the last one first.
constexpr std::string_view kScan = R"(main (float32[2] zero, float32[2, 3] x) => (total, sums)
{
  total, sums = Scan<
    num_scan_inputs = 1, scan_input_axes = [1], scan_output_axes = [1], scan_output_directions = [1],
    body = step (float32[2] before, float32[2] column) => (float32[2] after, float32[2] sum) <> {
      after = Add(before, column)
      sum = Identity(after)
    }
  >(zero, x)
}
)";

TEST(Scan, WalksAlongAnyAxisInAnyDirection) {
  const auto results = run(kScan, {Tensor::of<float>({2}, {0, 0}), Tensor::of<float>({2, 3}, {1, 2, 3, 10, 20, 30})});
  EXPECT_THAT(floats(results[0]), ElementsAre(6, 60));
  EXPECT_THAT(floats(results[1]), ElementsAre(6, 3, 1, 60, 30, 10));
}

TEST(Scan, TheFirstVersionHasABatch) {
  constexpr std::string_view kText = R"(main (int64[2] lengths, float32[2, 1] zero, float32[2, 3, 1] x) => (total, sums)
{
  total, sums = Scan<
    num_scan_inputs = 1,
    body = step (float32[1] before, float32[1] element) => (float32[1] after, float32[1] sum) <> {
      after = Add(before, element)
      sum = Identity(after)
    }
  >(lengths, zero, x)
}
)";
  const Tensor zero = Tensor::of<float>({2, 1}, {0, 0});
  const Tensor x = Tensor::of<float>({2, 3, 1}, {1, 2, 3, 10, 20, 30});
  const auto results = run(kText, {Tensor::of<std::int64_t>({2}, {3, 2}), zero, x}, 8);
  EXPECT_THAT(floats(results[0]), ElementsAre(6, 30));
  EXPECT_THAT(floats(results[1]), ElementsAre(1, 3, 6, 10, 30, 0));
}

}  // namespace
}  // namespace zeropoint
