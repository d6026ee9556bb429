// What llama.cpp says of the GGUF files that zeropoint writes: it loads them, continues texts, and its own quantizer
// makes the same file of each mix.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>

#include "architectures/load_model.h"
#include "executor/program.h"
#include "exporters/safetensors_writer.h"
#include "frontends/gguf.h"
#include "support/assets.h"
#include "support/export_gguf.h"
#include "support/llama_library.h"
#include "support/temp_folder.h"

namespace zeropoint {
namespace {

using testing::export_gguf;
using testing::LlamaLibrary;
using testing::TempFolder;

constexpr int kTokens = 50;
const std::string kText = "Once upon a time";

const LlamaLibrary& llama() {
  static const LlamaLibrary library;
  return library;
}

TEST(LlamaCpp, ContinuesTextFromOurFilesAsFromItsOwn) {
  ZEROPOINT_NEEDS_LLAMA(llama());
  ZEROPOINT_NEEDS_ASSET("models/stories260K/stories260K.gguf");
  const TempFolder folder;
  const auto model = testing::assets() / "models/stories260K";
  const auto expected = llama().continue_text((model / "stories260K.gguf").string(), kText, kTokens);
  ASSERT_GT(expected.size(), static_cast<std::size_t>(kTokens));
  for (const char* mix : {"F32", "F16", "BF16", "Q8_0"}) {
    export_gguf(open_checkpoint(model), {.mix = mix}, folder / "m.gguf");
    EXPECT_EQ(llama().continue_text(folder / "m.gguf", kText, kTokens), expected) << mix;
  }
  for (const GgufRecipe& recipe : all_gguf_recipes()) {
    export_gguf(open_checkpoint(model), {.mix = std::string(recipe.name)}, folder / "m.gguf");
    EXPECT_EQ(llama().continue_text(folder / "m.gguf", kText, 1).size(), expected.size() - kTokens + 1) << recipe.name;
  }
}

/// A checkpoint of random weights, wide enough for super-blocks.
struct Sizes {
  std::string model_type;
  std::int64_t layers, hidden, inner, heads, key_heads;
  bool is_tied;
  std::string more = "";  // of config.json
};

constexpr std::int64_t kVocabulary = 64;

void write_random_tensors(const std::filesystem::path& folder, const std::vector<TensorSpec>& specs) {
  SafetensorsWriter writer(folder, specs, {});
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  for (const TensorSpec& spec : specs) {
    Tensor x = Tensor::allocate(spec.dtype, spec.shape);
    // Scores of some size, so that attention is sharp and depends on positions.
    const bool is_matrix = spec.shape.size() == 2;
    const float spread = is_matrix ? 2 / std::sqrt(static_cast<float>(spec.shape[1])) : 0.2F;
    const bool is_norm = spec.name.ends_with("norm.weight") || spec.name.find("ln_") != std::string::npos ||
                         spec.name.find("LayerNorm") != std::string::npos;
    const float middle = is_norm && spec.name.ends_with(".weight") ? 1 : 0;
    for (float& value : x.mutable_values<float>()) value = middle + spread * normal(random);
    writer.write(spec.name, x);
  }
  writer.finish();
}

void write_random_checkpoint(const std::filesystem::path& folder, const Sizes& s) {
  const std::int64_t head = s.hidden / s.heads;
  std::vector<TensorSpec> specs;
  const auto add = [&](const std::string& name, Shape shape) { specs.push_back({name, DType::f32, std::move(shape)}); };
  add("model.embed_tokens.weight", {kVocabulary, s.hidden});
  if (!s.is_tied) add("lm_head.weight", {kVocabulary, s.hidden});
  add("model.norm.weight", {s.hidden});
  for (std::int64_t i = 0; i < s.layers; ++i) {
    const std::string layer = fmt::format("model.layers.{}.", i);
    const std::int64_t keys = s.key_heads * head;
    add(layer + "self_attn.q_proj.weight", {s.hidden, s.hidden});
    add(layer + "self_attn.k_proj.weight", {keys, s.hidden});
    add(layer + "self_attn.v_proj.weight", {keys, s.hidden});
    add(layer + "self_attn.o_proj.weight", {s.hidden, s.hidden});
    if (s.model_type == "qwen2") {
      add(layer + "self_attn.q_proj.bias", {s.hidden});
      add(layer + "self_attn.k_proj.bias", {keys});
      add(layer + "self_attn.v_proj.bias", {keys});
    }
    if (s.model_type == "qwen3") {
      add(layer + "self_attn.q_norm.weight", {head});
      add(layer + "self_attn.k_norm.weight", {head});
    }
    add(layer + "mlp.gate_proj.weight", {s.inner, s.hidden});
    add(layer + "mlp.up_proj.weight", {s.inner, s.hidden});
    add(layer + "mlp.down_proj.weight", {s.hidden, s.inner});
    add(layer + "input_layernorm.weight", {s.hidden});
    add(layer + "post_attention_layernorm.weight", {s.hidden});
  }
  write_random_tensors(folder, specs);
  std::ofstream(folder / "config.json") << fmt::format(
      R"({{"model_type":"{}","hidden_size":{},"intermediate_size":{},"num_hidden_layers":{},"num_attention_heads":{},)"
      R"("num_key_value_heads":{},"vocab_size":{},"max_position_embeddings":128,"rms_norm_eps":1e-6,)"
      R"("tie_word_embeddings":{},"hidden_act":"silu"{}}})",
      s.model_type, s.hidden, s.inner, s.layers, s.heads, s.key_heads, kVocabulary, s.is_tied, s.more);
}

void write_random_gpt2(const std::filesystem::path& folder) {
  constexpr std::int64_t kHidden = 64;
  std::vector<TensorSpec> specs = {{"transformer.wte.weight", DType::f32, {kVocabulary, kHidden}},
                                   {"transformer.wpe.weight", DType::f32, {128, kHidden}},
                                   {"transformer.ln_f.weight", DType::f32, {kHidden}},
                                   {"transformer.ln_f.bias", DType::f32, {kHidden}}};
  const auto add = [&](const std::string& module, std::int64_t in, std::int64_t out) {
    specs.push_back({module + ".weight", DType::f32, in > 0 ? Shape{in, out} : Shape{out}});
    specs.push_back({module + ".bias", DType::f32, {out}});
  };
  for (int i = 0; i < 2; ++i) {
    const std::string layer = fmt::format("transformer.h.{}.", i);
    add(layer + "ln_1", 0, kHidden);
    add(layer + "attn.c_attn", kHidden, 3 * kHidden);
    add(layer + "attn.c_proj", kHidden, kHidden);
    add(layer + "ln_2", 0, kHidden);
    add(layer + "mlp.c_fc", kHidden, 4 * kHidden);
    add(layer + "mlp.c_proj", 4 * kHidden, kHidden);
  }
  write_random_tensors(folder, specs);
  std::ofstream(folder / "config.json") << fmt::format(
      R"({{"model_type":"gpt2","n_embd":{},"n_layer":2,"n_head":4,"n_positions":128,"vocab_size":{},)"
      R"("layer_norm_epsilon":1e-5,"activation_function":"gelu_new"}})",
      kHidden, kVocabulary);
}

void write_random_bert(const std::filesystem::path& folder) {
  constexpr std::int64_t kHidden = 64;
  constexpr std::int64_t kInner = 160;
  std::vector<TensorSpec> specs = {{"embeddings.word_embeddings.weight", DType::f32, {kVocabulary, kHidden}},
                                   {"embeddings.position_embeddings.weight", DType::f32, {128, kHidden}},
                                   {"embeddings.token_type_embeddings.weight", DType::f32, {2, kHidden}},
                                   {"embeddings.LayerNorm.weight", DType::f32, {kHidden}},
                                   {"embeddings.LayerNorm.bias", DType::f32, {kHidden}}};
  const auto add = [&](const std::string& module, std::int64_t in, std::int64_t out) {
    specs.push_back({module + ".weight", DType::f32, in > 0 ? Shape{out, in} : Shape{out}});
    specs.push_back({module + ".bias", DType::f32, {out}});
  };
  for (int i = 0; i < 2; ++i) {
    const std::string layer = fmt::format("encoder.layer.{}.", i);
    for (const char* part : {"self.query", "self.key", "self.value", "output.dense"}) {
      add(layer + "attention." + part, kHidden, kHidden);
    }
    add(layer + "attention.output.LayerNorm", 0, kHidden);
    add(layer + "intermediate.dense", kHidden, kInner);
    add(layer + "output.dense", kInner, kHidden);
    add(layer + "output.LayerNorm", 0, kHidden);
  }
  write_random_tensors(folder, specs);
  std::ofstream(folder / "config.json") << fmt::format(
      R"({{"model_type":"bert","hidden_size":{},"num_hidden_layers":2,"num_attention_heads":4,"intermediate_size":{},)"
      R"("max_position_embeddings":128,"vocab_size":{},"type_vocab_size":2,"hidden_act":"gelu_new"}})",
      kHidden, kInner, kVocabulary);
}

/// Of the last token: logits, of an encoder its hidden state.
std::vector<float> our_result(const std::filesystem::path& checkpoint, const std::vector<std::int32_t>& tokens) {
  Tensor ids = Tensor::allocate(DType::i64, {1, static_cast<std::int64_t>(tokens.size())});
  std::ranges::copy(tokens, ids.mutable_data<std::int64_t>());
  Program program = Program::compile(load_model(checkpoint));
  const Tensor logits = program.run(std::span(&ids, 1))[0];
  const auto values = logits.values<float>();
  return {values.end() - logits.shape().back(), values.end()};
}

/// Names, order of rows, biases, norms, rotary scaling: a slip in one of them changes every number.
void expect_equal(const TempFolder& folder, bool is_encoder = false) {
  export_gguf(open_checkpoint(folder.path()), {.mix = "F32", .tokenizer = "none"}, folder / "m.gguf");
  const std::vector<std::int32_t> tokens = {1, 40, 7, 63, 12, 12, 0, 31, 5, 20, 44, 2, 9, 60, 33, 18};
  const std::vector<float> expected = our_result(folder.path(), tokens);
  const std::vector<float> theirs =
      is_encoder ? llama().hidden_state(folder / "m.gguf", tokens) : llama().logits(folder / "m.gguf", tokens);
  ASSERT_EQ(theirs.size(), expected.size());
  double signal = 0;
  double error = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    signal += std::pow(expected[i], 2);
    error += std::pow(theirs[i] - expected[i], 2);
  }
  EXPECT_LT(std::sqrt(error / signal), 0.005);  // llama.cpp keeps keys and values as float16
}

class LlamaCppModels : public ::testing::TestWithParam<Sizes> {};

TEST_P(LlamaCppModels, ComputeInLlamaCppWhatTheyComputeHere) {
  ZEROPOINT_NEEDS_LLAMA(llama());
  const TempFolder folder;
  write_random_checkpoint(folder.path(), GetParam());
  expect_equal(folder);
}

TEST(LlamaCpp, ComputesWhatAGpt2ComputesHere) {
  ZEROPOINT_NEEDS_LLAMA(llama());
  const TempFolder folder;
  write_random_gpt2(folder.path());
  expect_equal(folder);
}

INSTANTIATE_TEST_SUITE_P(
    Architectures, LlamaCppModels,
    ::testing::Values(Sizes{"llama", 2, 64, 96, 4, 2, false}, Sizes{"mistral", 2, 64, 96, 4, 4, false},
                      Sizes{"llama", 2, 64, 96, 4, 2, true,
                            R"(,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,)"
                            R"("high_freq_factor":4.0,"original_max_position_embeddings":16})"},
                      Sizes{"llama", 2, 64, 96, 4, 2, true, R"(,"rope_scaling":{"rope_type":"linear","factor":2.0})"},
                      Sizes{"llama", 2, 64, 96, 4, 2, true,
                            R"(,"rope_scaling":{"rope_type":"yarn","factor":4.0,)"
                            R"("original_max_position_embeddings":32})"},
                      Sizes{"qwen2", 2, 64, 96, 4, 2, true}, Sizes{"qwen3", 2, 64, 96, 4, 2, false}));

TEST(LlamaCpp, ComputesWhatABertComputesHere) {
  ZEROPOINT_NEEDS_LLAMA(llama());
  const TempFolder folder;
  write_random_bert(folder.path());
  expect_equal(folder, true);
}

TEST(LlamaCpp, ItsQuantizerMakesTheSameFileOfEveryMix) {
  ZEROPOINT_NEEDS_LLAMA(llama());
  const TempFolder folder;  // rows of 256 fit every format, those of 480 fall back
  write_random_checkpoint(folder.path(), {"llama", 8, 256, 480, 8, 2, false});
  const Checkpoint checkpoint = open_checkpoint(folder.path());
  export_gguf(checkpoint, {.mix = "F32", .tokenizer = "none"}, folder / "f32.gguf");
  for (const GgufRecipe& recipe : all_gguf_recipes()) {
    if (recipe.name == "F32") continue;
    export_gguf(checkpoint, {.mix = std::string(recipe.name), .tokenizer = "none"}, folder / "ours.gguf");
    ASSERT_TRUE(llama().quantize(folder / "f32.gguf", folder / "theirs.gguf", recipe.file_type)) << recipe.name;
    const GgufFile ours = GgufFile::open(folder / "ours.gguf");
    const GgufFile theirs = GgufFile::open(folder / "theirs.gguf");
    ASSERT_EQ(ours.tensors().size(), theirs.tensors().size());
    for (const GgufTensor& tensor : ours.tensors()) {
      const auto same = std::ranges::find(theirs.tensors(), tensor.name, &GgufTensor::name);
      ASSERT_NE(same, theirs.tensors().end()) << tensor.name;
      EXPECT_EQ(tensor.type->name, same->type->name) << recipe.name << " " << tensor.name;
      EXPECT_TRUE(std::ranges::equal(ours.bytes(tensor), theirs.bytes(*same))) << recipe.name << " " << tensor.name;
    }
  }
}

}  // namespace
}  // namespace zeropoint
