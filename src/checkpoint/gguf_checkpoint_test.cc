// GGUF files as checkpoints: names, configuration, order of rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/gguf_architecture.h"
#include "checkpoint/rope_factors.h"
#include "support/assets.h"
#include "support/gguf_bytes.h"
#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using namespace testing;  // NOLINT: the pieces of files
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

// Two heads of four rows of one column: Q holds 0 .. 7.
std::string tiny_llama() {
  std::string rows;
  for (int i = 0; i < 8; ++i) rows += f32(static_cast<float>(i));
  return padded(gguf_head(2, 5) + gguf_text("general.architecture", "llama") + gguf_number("llama.block_count", 1) +
                gguf_number("llama.attention.head_count", 2) + text("llama.attention.layer_norm_rms_epsilon") + u32(6) +
                f32(1e-5F) + gguf_number("tokenizer.ggml.bos_token_id", 1) +
                gguf_tensor("blk.0.attn_q.weight", {1, 8}, 0, 0) + gguf_tensor("blk.0.ffn_up.weight", {1, 8}, 0, 32)) +
         rows + rows;
}

TEST(GgufCheckpoint, NamesConfigurationAndRowsAreHuggingFaces) {
  const TempFolder folder;
  const std::string path = folder.write("m.gguf", tiny_llama());
  EXPECT_TRUE(is_checkpoint(path));
  const Checkpoint checkpoint = open_checkpoint(path);
  EXPECT_EQ(
      checkpoint.config.dump(),
      R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","num_hidden_layers":1,"num_attention_heads":2,)"
      R"("rms_norm_eps":1e-05,"tie_word_embeddings":true,"attention_bias":false,"hidden_act":"silu",)"
      R"("bos_token_id":1})");
  const StoredTensor* q = checkpoint.weights->find("model.layers.0.self_attn.q_proj.weight");
  ASSERT_NE(q, nullptr);
  EXPECT_EQ(q->shape, (Shape{8, 1}));
  // Rotary pairs are neighbours in the file and half a head apart here.
  EXPECT_THAT(checkpoint.weights->read(*q).values<float>(), ElementsAre(0, 2, 1, 3, 4, 6, 5, 7));
  const StoredTensor* up = checkpoint.weights->find("model.layers.0.mlp.up_proj.weight");
  EXPECT_THAT(checkpoint.weights->read(*up).values<float>(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
}

TEST(GgufCheckpoint, MatricesThatGpt2StoresTransposedAreTransposedBack) {
  const TempFolder folder;
  const std::string path = folder.write("m.gguf", padded(gguf_head(1, 1) + gguf_text("general.architecture", "gpt2") +
                                                         gguf_tensor("blk.3.ffn_up.weight", {2, 3}, 0, 0)) +
                                                      f32(1) + f32(2) + f32(3) + f32(4) + f32(5) + f32(6));
  const Checkpoint checkpoint = open_checkpoint(path);
  const StoredTensor* fc = checkpoint.weights->find("h.3.mlp.c_fc.weight");
  ASSERT_NE(fc, nullptr);
  EXPECT_EQ(fc->shape, (Shape{2, 3}));
  EXPECT_THAT(checkpoint.weights->read(*fc).values<float>(), ElementsAre(1, 3, 5, 2, 4, 6));
}

TEST(GgufCheckpoint, AnEmptyMatrixIsTransposedAtOnce) {
  const TempFolder folder;
  const std::string path = folder.write("m.gguf", padded(gguf_head(1, 1) + gguf_text("general.architecture", "gpt2") +
                                                         gguf_tensor("blk.0.ffn_up.weight", {1ULL << 50, 0}, 0, 0)));
  const Checkpoint checkpoint = open_checkpoint(path);
  EXPECT_EQ(checkpoint.weights->read(checkpoint.weights->tensors()[0]).shape(), (Shape{std::int64_t{1} << 50, 0}));
}

TEST(GgufCheckpoint, TensorsOfTypesThatAreNotOfferedAreListedButNotRead) {
  const TempFolder folder;
  const std::string path = folder.write(
      "m.gguf", padded(gguf_head(1, 1) + gguf_text("general.architecture", "mamba") + gguf_tensor("w", {256}, 16, 0)) +
                    std::string(66, '\0'));
  const Checkpoint checkpoint = open_checkpoint(path);
  EXPECT_EQ(checkpoint.config["model_type"], "mamba");
  const StoredTensor& w = checkpoint.weights->tensors()[0];
  EXPECT_EQ(w.encoding, "IQ2_XXS");
  try {
    checkpoint.weights->read(w);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "tensor 'w': IQ2_XXS blocks are not offered");
  }
}

TEST(GgufCheckpoint, TheFactorsOfLlama3AreRecognised) {
  const auto factors = rope_factors({.factor = 32}, 500000, 64);
  EXPECT_EQ(factors.front(), 1.0F);
  EXPECT_EQ(factors.back(), 32.0F);
  const auto scaling_of = [](const std::vector<float>& values) {
    const TempFolder folder;
    std::string data;
    for (const float value : values) data += f32(value);
    return open_checkpoint(folder.write("m.gguf", padded(gguf_head(1, 2) + gguf_text("general.architecture", "llama") +
                                                         text("llama.rope.freq_base") + u32(6) + f32(500000) +
                                                         gguf_tensor("rope_freqs.weight", {values.size()}, 0, 0)) +
                                                      data))
        .config["rope_scaling"]
        .dump();
  };
  EXPECT_EQ(scaling_of(factors), R"({"rope_type":"llama3","factor":32.0,"low_freq_factor":1.0,"high_freq_factor":4.0,)"
                                 R"("original_max_position_embeddings":8192})");
  EXPECT_EQ(scaling_of({1.0F, 3.0F}), R"({"rope_type":"rope_freqs"})");
}

TEST(GgufArchitecture, NamesTranslateBothWays) {
  const GgufArchitecture& llama = gguf_architecture_of("mistral", "config.json");
  EXPECT_EQ(llama.gguf, "llama");
  EXPECT_EQ(llama.to_gguf("model.layers.31.mlp.down_proj.weight"), "blk.31.ffn_down.weight");
  EXPECT_EQ(llama.to_hugging_face("blk.31.ffn_down.weight"), "model.layers.31.mlp.down_proj.weight");
  EXPECT_EQ(llama.to_gguf("lm_head.weight"), "output.weight");
  EXPECT_EQ(llama.to_gguf("model.layers.0.self_attn.rotary_emb.inv_freq"), std::nullopt);
  EXPECT_EQ(llama.to_hugging_face("rope_freqs.weight"), "rope_freqs.weight");
  const GgufArchitecture& gpt2 = gguf_architecture_of("gpt2", "config.json");
  EXPECT_EQ(gpt2.to_gguf("transformer.h.0.attn.c_attn.bias"), "blk.0.attn_qkv.bias");
  EXPECT_EQ(gpt2.to_gguf("h.0.attn.c_attn.bias"), "blk.0.attn_qkv.bias");
  EXPECT_TRUE(gpt2.is_in_out("blk.0.attn_qkv.weight"));
  EXPECT_FALSE(gpt2.is_in_out("blk.0.attn_qkv.bias"));
  try {
    gguf_architecture_of("lama", "dir/config.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "dir/config.json: unknown model_type for GGUF 'lama'; did you mean 'llama'? "
                 "(llama, mistral, qwen2, qwen3, gpt2, bert)");
  }
}

TEST(GgufCheckpoint, ARealOneHoldsTheSafetensorsWeights) {
  ZEROPOINT_NEEDS_ASSET("models/stories260K/stories260K.gguf");
  const Checkpoint gguf = open_checkpoint(assets() / "models/stories260K/stories260K.gguf");
  const Checkpoint folder = open_checkpoint(assets() / "models/stories260K");
  for (const StoredTensor& tensor : folder.weights->tensors()) {
    const StoredTensor* same = gguf.weights->find(tensor.name);
    ASSERT_NE(same, nullptr) << tensor.name;
    const Tensor expected = folder.weights->read(tensor);
    EXPECT_THAT(gguf.weights->read(*same).values<float>(), ElementsAreArray(expected.values<float>())) << tensor.name;
  }
  for (const char* key : {"model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                          "num_key_value_heads", "vocab_size", "rms_norm_eps", "hidden_act", "bos_token_id"}) {
    EXPECT_EQ(gguf.config[key], folder.config[key]) << key;
  }
}

}  // namespace
}  // namespace zeropoint
