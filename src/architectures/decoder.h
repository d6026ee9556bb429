// The decoder that Llama, Mistral, Qwen2 and Qwen3 share: RMSNorm, rotary positions, grouped-query attention, a gated
// feed-forward network, residuals around both. Architecture files say in what they differ.
#pragma once

#include <cstdint>
#include <vector>

#include "architectures/graph_builder.h"

namespace zeropoint {

struct DecoderOptions {
  Bias qkv_bias = Bias::absent;
  Bias output_bias = Bias::absent;        // of o_proj
  Bias mlp_bias = Bias::absent;           // of gate_proj, up_proj and down_proj
  bool has_qk_norm = false;               // RMSNorm over each head of queries and keys
  std::vector<std::int64_t> window = {};  // per layer: how many tokens, itself included, a token sees; 0: all before
                                          // it. Empty: 0 everywhere
};

/// Adds the whole model, from "tokens" to "logits".
void add_decoder(GraphBuilder& builder, const DecoderOptions& options);

/// Of config.json: num_hidden_layers.
std::int64_t layer_count(const Config& config);

/// Whether config.json's flag asks for biases.
Bias bias_by(const Config& config, std::string_view flag);

}  // namespace zeropoint
