#include "architectures/decoder.h"
#include "architectures/window.h"

namespace zeropoint {
namespace {

void define(GraphBuilder& builder) {
  add_decoder(builder, {.qkv_bias = Bias::present, .window = qwen_windows(builder.config())});
}

}  // namespace

Architecture architecture_qwen2() {
  return {.model_type = "qwen2", .summary = "Llama with biases of queries, keys and values", .define = define};
}

}  // namespace zeropoint
