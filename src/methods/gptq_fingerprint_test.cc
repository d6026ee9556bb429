#include "methods/gptq_fingerprint.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "support/two_layers.h"

namespace zeropoint {
namespace {

using testing::model_of;
using testing::Samples;
using testing::set;

TEST(GptqFingerprint, DiffersWithEverythingThatDecidesTheResult) {
  const auto gemm = [](std::string_view attribute) {
    return model_of(
        "g (float32[2, 2] x) => (y) <float32[2, 2] w = {1, 2, 3, 4}, float32[2, 2] v = {1, 2, 3, 4}>\n"
        "{ [\"first\"] h = Gemm<" +
        std::string(attribute) + ">(x, w) y = MatMul(h, v) }");
  };
  const Samples data = {{Tensor::of<float>({2, 2}, {1, 2, 3, 4})}};
  const Model model = gemm("transA = 1");
  Model changed = model;
  set(changed, "w", Tensor::of<float>({2, 2}, {1, 2, 3, 5}));
  const std::string fingerprints[] = {gptq_fingerprint(model, data, {}),
                                      gptq_fingerprint(gemm("transA = 0"), data, {}),
                                      gptq_fingerprint(gemm("transA = 1, alpha = 0.5"), data, {}),
                                      gptq_fingerprint(changed, data, {}),
                                      gptq_fingerprint(model, {}, {}),
                                      gptq_fingerprint(model, data, {.gptq = {.damping = 0.02}}),
                                      gptq_fingerprint(model, data, {.filter = {.exclude = {"first"}}})};
  std::vector<std::string> distinct(std::begin(fingerprints), std::end(fingerprints));
  std::ranges::sort(distinct);
  EXPECT_EQ(std::ranges::adjacent_find(distinct), distinct.end());
  EXPECT_EQ(gptq_fingerprint(gemm("transA = 1"), data, {}), fingerprints[0]);
}

}  // namespace
}  // namespace zeropoint
