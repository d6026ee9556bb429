#include "passes/fold_bias.h"

#include <gtest/gtest.h>

#include "passes/unshare_biases.h"
#include "support/model_text.h"

namespace zeropoint {
namespace {

std::string folded(std::string_view text, std::size_t expected) {
  Model model = testing::model_of(text);
  EXPECT_EQ(fold_bias(model).done.size(), expected);
  return print_graph(model.graph);
}

TEST(FoldBias, AddedChannelsBecomeTheBias) {
  EXPECT_EQ(folded(R"(main (float32[1, 1, 2, 2] x) => (r)
<float32[2, 1, 1, 1] w = {1, 2}, float32[2, 1, 1] b = {0.5, 3}>
{
  ["conv"] c = Conv(x, w)
  ["add"] a = Add(c, b)
  ["relu"] r = Relu(a)
}
)",
                   1),
            R"(main (float32[1, 1, 2, 2] x) => (r)
<float32[2, 1, 1, 1] w = {1, 2}, float32[2] w_bias = {0.5, 3}>
{
  ["conv"] a = Conv(x, w, w_bias)
  ["relu"] r = Relu(a)
}
)");
}

TEST(FoldBias, AddsToAnExistingBias) {
  EXPECT_EQ(folded(R"(main (float32[1, 1, 2, 2] x) => (a)
<float32[2, 1, 1, 1] w = {1, 2}, float32[2] old = {1, 2}, float32[] b = {0.5}>
{
  c = Conv(x, w, old)
  a = Add(b, c)
}
)",
                   1),
            R"(main (float32[1, 1, 2, 2] x) => (a)
<float32[2, 1, 1, 1] w = {1, 2}, float32[2] w_bias = {1.5, 2.5}>
{
  a = Conv(x, w, w_bias)
}
)");
}

TEST(FoldBias, LeavesWhatIsNoBias) {
  const std::string_view along_width = R"(main (float32[1, 1, 2, 2] x) => (a)
<float32[2, 1, 1, 1] w = {1, 2}, float32[2] b = {0.5, 3}>
{
  c = Conv(x, w)
  a = Add(c, b)
}
)";
  EXPECT_EQ(folded(along_width, 0), along_width) << "shape [2] broadcasts along the width";
  const std::string_view read_twice = R"(main (float32[1, 1, 2, 2] x) => (a, c)
<float32[2, 1, 1, 1] w = {1, 2}, float32[2, 1, 1] b = {0.5, 3}>
{
  c = Conv(x, w)
  a = Add(c, b)
}
)";
  EXPECT_EQ(folded(read_twice, 0), read_twice) << "the sum without the bias is an output too";
}

TEST(UnshareBiases, EveryProductGetsItsOwn) {
  Model model = testing::model_of(R"(main (float32[1, 1] x) => (y, z)
<float32[1, 1] w = {1}, float32[1] b = {0}>
{
  y = Gemm(x, w, b)
  z = Gemm(y, w, b)
}
)");
  EXPECT_EQ(unshare_biases(model).done.size(), 1U);
  EXPECT_EQ(print_graph(model.graph), R"(main (float32[1, 1] x) => (y, z)
<float32[1, 1] w = {1}, float32[1] b = {0}, float32[1] b_1 = {0}>
{
  y = Gemm(x, w, b)
  z = Gemm(y, w, b_1)
}
)");
}

}  // namespace
}  // namespace zeropoint
