#include "methods/input_rows.h"

#include <gmock/gmock.h>

#include <vector>

#include "support/model_text.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using testing::model_of;

TEST(InputRows, AreTheWindowsOfAConvolution) {
  const auto gram = [](const std::string& attributes, const Tensor& x, const Shape& weight) {
    const Model model = model_of("g (float32[1, 1, 1, 3] x) => (y) <float32[1, 1, 1, 2] w = {1, 1}> { y = Conv<" +
                                 attributes + ">(x, w) }");
    GramMatrix sum(element_count(weight) / weight[0]);
    add_input_rows(model.graph.nodes[0], 13, weight, x, sum);
    const Tensor result = sum.finish(1);
    const auto values = result.values<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  const Tensor line = Tensor::of<float>({1, 1, 1, 3}, {1, 2, 3});
  // (1, 2) and (2, 3)
  EXPECT_THAT(gram("kernel_shape = [1, 2]", line, {1, 1, 1, 2}), ElementsAre(5, 8, 8, 13));
  // (0, 1), (1, 2) and (2, 3)
  EXPECT_THAT(gram("pads = [0, 1, 0, 0]", line, {1, 1, 1, 2}), ElementsAre(5, 8, 8, 14));
  // (1, 3)
  EXPECT_THAT(gram("dilations = [1, 2]", line, {1, 1, 1, 2}), ElementsAre(1, 3, 3, 9));
  // (0, 1) and (2, 3)
  EXPECT_THAT(gram("pads = [0, 1, 0, 0], strides = [1, 2]", line, {1, 1, 1, 2}), ElementsAre(4, 6, 6, 10));
  // two channels, (1, 2) and (3, 4): channel by channel
  EXPECT_THAT(gram("kernel_shape = [1, 2]", Tensor::of<float>({1, 2, 1, 2}, {1, 2, 3, 4}), {1, 2, 1, 2}),
              ElementsAre(1, 2, 3, 4, 2, 4, 6, 8, 3, 6, 9, 12, 4, 8, 12, 16));
}

}  // namespace
}  // namespace zeropoint
