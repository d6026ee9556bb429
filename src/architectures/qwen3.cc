#include "architectures/decoder.h"
#include "architectures/window.h"

namespace zeropoint {
namespace {

void define(GraphBuilder& builder) {
  const Bias attention = bias_by(builder.config(), "attention_bias");
  add_decoder(
      builder,
      {.qkv_bias = attention, .output_bias = attention, .has_qk_norm = true, .window = qwen_windows(builder.config())});
}

}  // namespace

Architecture architecture_qwen3() {
  return {
      .model_type = "qwen3", .summary = "Llama with an RMSNorm over each head of queries and keys", .define = define};
}

}  // namespace zeropoint
