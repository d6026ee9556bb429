// A Llama checkpoint of one layer with random weights: small enough to write in a test, whole enough to run.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "exporters/safetensors_writer.h"
#include "tensor/reals.h"

namespace zeropoint::testing {

struct TinyLlama {
  std::int64_t hidden = 64;
  std::int64_t intermediate = 96;
  std::int64_t vocabulary = 16;
  std::function<void(const std::string& name, Tensor& values)> change;  // before a tensor is written
  std::function<DType(const std::string& name)> type;                   // float32 unless given
};

/// config.json, model.safetensors, tokenizer.json.
inline void write_tiny_llama(const std::filesystem::path& folder, const TinyLlama& model = {}) {
  const std::int64_t h = model.hidden;
  const std::int64_t i = model.intermediate;
  const std::string layer = "model.layers.0.";
  std::vector<TensorSpec> specs = {{"model.embed_tokens.weight", DType::f32, {model.vocabulary, h}},
                                   {layer + "input_layernorm.weight", DType::f32, {h}},
                                   {layer + "self_attn.q_proj.weight", DType::f32, {h, h}},
                                   {layer + "self_attn.k_proj.weight", DType::f32, {h, h}},
                                   {layer + "self_attn.v_proj.weight", DType::f32, {h, h}},
                                   {layer + "self_attn.o_proj.weight", DType::f32, {h, h}},
                                   {layer + "post_attention_layernorm.weight", DType::f32, {h}},
                                   {layer + "mlp.gate_proj.weight", DType::f32, {i, h}},
                                   {layer + "mlp.up_proj.weight", DType::f32, {i, h}},
                                   {layer + "mlp.down_proj.weight", DType::f32, {h, i}},
                                   {"model.norm.weight", DType::f32, {h}},
                                   {"lm_head.weight", DType::f32, {model.vocabulary, h}}};
  for (TensorSpec& spec : specs) spec.dtype = model.type ? model.type(spec.name) : DType::f32;
  std::filesystem::create_directories(folder);
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0, 0.1F);
  SafetensorsWriter writer(folder, specs, {});
  for (const TensorSpec& spec : specs) {
    Tensor values = Tensor::allocate(DType::f32, spec.shape);
    for (float& x : values.mutable_values<float>()) x = normal(random);
    if (model.change) model.change(spec.name, values);
    Tensor stored = Tensor::allocate(spec.dtype, spec.shape);
    store_f32(stored, 0, values.data<float>(), values.size());
    writer.write(spec.name, stored);
  }
  writer.finish();
  const nlohmann::ordered_json config = {{"architectures", {"LlamaForCausalLM"}},
                                         {"model_type", "llama"},
                                         {"hidden_size", h},
                                         {"intermediate_size", i},
                                         {"num_hidden_layers", 1},
                                         {"num_attention_heads", 4},
                                         {"num_key_value_heads", 4},
                                         {"vocab_size", model.vocabulary},
                                         {"max_position_embeddings", 32},
                                         {"rms_norm_eps", 1e-5},
                                         {"rope_theta", 10000.0},
                                         {"tie_word_embeddings", false},
                                         {"hidden_act", "silu"}};
  std::ofstream(folder / "config.json") << config.dump(1);
  std::ofstream(folder / "tokenizer.json") << "{}\n";
}

}  // namespace zeropoint::testing
