#include "methods/gptq_method.h"

#include <gtest/gtest.h>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

TEST(GptqMethod, HasItsOwnDefaults) {
  EXPECT_EQ(gptq_options({}), (GptqOptions{.bits = 4, .damping = 0.01}));
  EXPECT_EQ(find_method("gptq").scheme({}), WeightScheme(MatrixScheme{.bits = 4}));
}

TEST(GptqMethod, TakesOptionsAsTheyAreGiven) {
  EXPECT_EQ(gptq_options({.bits = 3, .block_size = 32, .affine = true, .act_order = true, .damping = 0.05}),
            (GptqOptions{.bits = 3, .block_size = 32, .symmetric = false, .act_order = true, .damping = 0.05}));
  EXPECT_EQ(gptq_options({.damping = 0}).damping, 0) << "none is something else than not said";
  EXPECT_EQ(gptq_options({.full_range = true, .clip_search = true}), gptq_options({})) << "it always does both";
}

std::string refusal(const MethodOptions& options) {
  try {
    find_method("gptq").scheme(options);
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(GptqMethod, RefusesWhatMakesNoSense) {
  EXPECT_EQ(refusal({.double_quantization = true}), "--double-quantization: has no meaning for the method gptq");
  EXPECT_EQ(refusal({.damping = -1}), "--damping: -1 is not a number of at least 0");
  EXPECT_EQ(refusal({.block_size = 32, .per_tensor = true}), "--per-tensor: contradicts --block-size 32");
  EXPECT_EQ(refusal({.bits = 5}), "--bits: weights have 8, 4, 3 or 2 bits, not 5");
}

}  // namespace
}  // namespace zeropoint
