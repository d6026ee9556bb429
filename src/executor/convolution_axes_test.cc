#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "executor/program.h"
#include "graph/text.h"

// Convolutions along one of several spatial axes, which are computed without the idle axes.
namespace zeropoint {
namespace {

using ::testing::ElementsAre;

std::vector<float> run(std::string_view text, const Tensor& x) {
  const std::map<std::string, std::int64_t> opsets{{"", 17}};
  Program program = Program::compile(parse_graph(text), opsets);
  const Tensor y = program.run({&x, 1})[0];
  return {y.values<float>().begin(), y.values<float>().end()};
}

TEST(ConvolutionAxes, AlongHeightOrWidth) {
  const Tensor column = Tensor::of<float>({1, 1, 4, 1}, {1, 2, 3, 4});
  EXPECT_THAT(run(R"(main (float32[1, 1, 4, 1] x) => (float32[1, 1, 3, 1] y)
<float32[1, 1, 2, 1] w = {10, 1}>
{
  y = Conv(x, w)
}
)",
                  column),
              ElementsAre(12, 23, 34));
  const Tensor row = Tensor::of<float>({1, 1, 1, 4}, {1, 2, 3, 4});
  EXPECT_THAT(run(R"(main (float32[1, 1, 1, 4] x) => (float32[1, 1, 1, 3] y)
<float32[1, 1, 1, 2] w = {10, 1}>
{
  y = Conv(x, w)
}
)",
                  row),
              ElementsAre(12, 23, 34));
}

TEST(ConvolutionAxes, AnAxisOfSizeOneThatIsPaddedStays) {
  const Tensor x = Tensor::of<float>({1, 1, 2, 1}, {1, 2});
  EXPECT_THAT(run(R"(main (float32[1, 1, 2, 1] x) => (float32[1, 1, 2, 3] y)
<float32[1, 1, 1, 1] w = {10}>
{
  y = Conv<pads = [0, 1, 0, 1]>(x, w)
}
)",
                  x),
              ElementsAre(0, 10, 0, 0, 20, 0));
}

}  // namespace
}  // namespace zeropoint
