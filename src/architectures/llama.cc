#include "architectures/decoder.h"

namespace zeropoint {
namespace {

void define(GraphBuilder& builder) {
  const Config& config = builder.config();
  const Bias attention = bias_by(config, "attention_bias");
  add_decoder(builder, {.qkv_bias = attention, .output_bias = attention, .mlp_bias = bias_by(config, "mlp_bias")});
}

}  // namespace

Architecture architecture_llama() {
  return {.model_type = "llama", .summary = "Llama 1 to 3 and what is built like them", .define = define};
}

}  // namespace zeropoint
