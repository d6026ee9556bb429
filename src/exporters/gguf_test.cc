#include "exporters/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <functional>

#include "checkpoint/gguf_store.h"
#include "exporters/safetensors_writer.h"
#include "frontends/gguf.h"
#include "support/export_gguf.h"
#include "support/gguf_bytes.h"
#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::export_gguf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using testing::TempFolder;
using testing::text;
using testing::u32;

Tensor pattern(const Shape& shape) {
  Tensor x = Tensor::allocate(DType::f32, shape);
  for (std::int64_t i = 0; i < x.size(); ++i) x.mutable_data<float>()[i] = static_cast<float>(i % 37 - 18) / 16.0F;
  return x;
}

using Tensors = std::vector<std::pair<std::string, Tensor>>;

// Two heads of queries on one of keys, heads of 16, a vocabulary of four.
Tensors llama_tensors() {
  Tensors tensors = {{"model.embed_tokens.weight", pattern({4, 32})}, {"model.norm.weight", pattern({32})}};
  const std::string layer = "model.layers.0.";
  tensors.emplace_back(layer + "self_attn.q_proj.weight", pattern({32, 32}));
  tensors.emplace_back(layer + "self_attn.k_proj.weight", pattern({16, 32}));
  tensors.emplace_back(layer + "self_attn.v_proj.weight", pattern({16, 32}));
  tensors.emplace_back(layer + "self_attn.o_proj.weight", pattern({32, 32}));
  tensors.emplace_back(layer + "mlp.gate_proj.weight", pattern({48, 32}));
  tensors.emplace_back(layer + "mlp.up_proj.weight", pattern({48, 32}));
  tensors.emplace_back(layer + "mlp.down_proj.weight", pattern({32, 48}));
  tensors.emplace_back(layer + "input_layernorm.weight", pattern({32}));
  tensors.emplace_back(layer + "post_attention_layernorm.weight", pattern({32}));
  return tensors;
}

const std::string kLlamaConfig =
    R"({"model_type":"llama","hidden_size":32,"intermediate_size":48,"num_hidden_layers":1,"num_attention_heads":2,)"
    R"("num_key_value_heads":1,"vocab_size":4,"max_position_embeddings":64,"rms_norm_eps":1e-05,)"
    R"("tie_word_embeddings":true,"bos_token_id":1,"hidden_act":"silu"{}}})";
const std::string kTokenizer =
    R"({"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]},"pre_tokenizer":{"type":"ByteLevel"}})";

std::string llama_config(std::string_view more = "") {
  std::string config = kLlamaConfig;
  return config.replace(config.find("{}}}"), 4, std::string(more) + "}");
}

void write_checkpoint(const fs::path& folder, const std::string& config, const Tensors& tensors) {
  fs::create_directories(folder);
  std::ofstream(folder / "config.json") << config;
  std::ofstream(folder / "tokenizer.json") << kTokenizer;
  std::vector<TensorSpec> specs;
  for (const auto& [name, x] : tensors) specs.push_back({name, x.dtype(), x.shape()});
  SafetensorsWriter writer(folder, specs, {});
  for (const auto& [name, x] : tensors) writer.write(name, x);
  writer.finish();
}

std::string message(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.message();
  }
  return "accepted";
}

TEST(GgufExport, ReadsBackAsTheSameCheckpoint) {
  const TempFolder folder;
  write_checkpoint(folder.path() / "m", llama_config(), llama_tensors());
  const Checkpoint original = open_checkpoint(folder / "m");
  const GgufPlan plan = export_gguf(original, {.mix = "F32"}, folder / "m.gguf");
  EXPECT_EQ(plan.file_bytes, fs::file_size(folder / "m.gguf"));
  EXPECT_EQ(plan.bits_per_weight, 32);

  const Checkpoint again = open_checkpoint(folder / "m.gguf");
  for (const auto& [name, x] : llama_tensors()) {
    const StoredTensor* stored = again.weights->find(name);
    ASSERT_NE(stored, nullptr) << name;
    EXPECT_EQ(stored->shape, x.shape()) << name;
    EXPECT_THAT(again.weights->read(*stored).values<float>(), ::testing::ElementsAreArray(x.values<float>())) << name;
  }
  for (const char* key : {"model_type", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
                          "num_key_value_heads", "vocab_size", "max_position_embeddings", "rms_norm_eps",
                          "tie_word_embeddings", "bos_token_id"}) {
    EXPECT_EQ(again.config[key], original.config[key]) << key;
  }
  // And the file of that file is the same file.
  export_gguf(again, {.mix = "F32"}, folder / "again.gguf");
  const GgufFile first = GgufFile::open(folder / "m.gguf");
  const GgufFile second = GgufFile::open(folder / "again.gguf");
  EXPECT_EQ(first.fields().size(), second.fields().size());
  for (const GgufTensor& tensor : first.tensors()) {
    const auto at = std::ranges::find(second.tensors(), tensor.name, &GgufTensor::name);
    EXPECT_TRUE(std::ranges::equal(first.bytes(tensor), second.bytes(*at))) << tensor.name;
  }
}

TEST(GgufExport, MetadataSaysWhatLlamaCppWants) {
  const TempFolder folder;
  write_checkpoint(folder.path() / "m", llama_config(), llama_tensors());
  export_gguf(open_checkpoint(folder / "m"), {.mix = "Q8_0"}, folder / "m.gguf");
  const GgufFile file = GgufFile::open(folder / "m.gguf");
  const auto field = [&](std::string_view key) {
    const GgufField* found = find_field(file.fields(), key);
    return found == nullptr ? GgufField{} : *found;
  };
  EXPECT_THAT(as_string(field("general.architecture")), Optional(std::string("llama")));
  EXPECT_THAT(as_integer(field("general.file_type")), Optional(7));
  EXPECT_THAT(as_integer(field("general.quantization_version")), Optional(2));
  EXPECT_THAT(as_integer(field("llama.rope.dimension_count")), Optional(16));
  EXPECT_THAT(as_integer(field("llama.attention.head_count_kv")), Optional(1));
  EXPECT_THAT(as_string(field("tokenizer.ggml.model")), Optional(std::string("gpt2")));
  EXPECT_THAT(as_string(field("tokenizer.ggml.pre")), Optional(std::string("gpt-2")));
  EXPECT_EQ(field("tokenizer.ggml.tokens").payload, text("a") + text("b") + text("ab") + text("[PAD3]"));
  EXPECT_EQ(field("tokenizer.ggml.token_type").payload, u32(1) + u32(1) + u32(1) + u32(5));
  EXPECT_EQ(field("tokenizer.ggml.merges").payload, text("a b"));
  EXPECT_THAT(as_integer(field("tokenizer.ggml.bos_token_id")), Optional(1));
}

TEST(GgufExport, FallBacksAreReported) {
  const TempFolder folder;
  write_checkpoint(folder.path() / "m", llama_config(), llama_tensors());
  const GgufPlan plan = plan_gguf(open_checkpoint(folder / "m"), {.mix = "Q4_K_S"});
  std::vector<std::string> reasons;
  for (const GgufPlanRow& row : plan.rows) {
    if (!row.reason.empty())
      reasons.push_back(fmt::format("{} {} {}", row.tensor.name, name(row.tensor.type), row.reason));
  }
  EXPECT_EQ(reasons.size(), 7U);
  EXPECT_THAT(reasons, ::testing::Contains("blk.0.attn_k.weight Q5_0 rows of 32 are no multiple of 256"));
  EXPECT_THAT(reasons, ::testing::Contains("blk.0.ffn_down.weight F16 rows of 48 are no multiple of 256"));
}

TEST(GgufExport, ThreadsAndSourcesDoNotChangeTheBytes) {
  const TempFolder folder;
  write_checkpoint(folder.path() / "m", llama_config(), llama_tensors());
  const Checkpoint checkpoint = open_checkpoint(folder / "m");
  export_gguf(checkpoint, {.mix = "F32"}, folder / "f32.gguf");
  export_gguf(checkpoint, {.mix = "Q4_0"}, folder / "a.gguf");
  export_gguf(open_checkpoint(folder / "f32.gguf"), {.mix = "Q4_0"}, folder / "b.gguf");
  const GgufFile a = GgufFile::open(folder / "a.gguf");
  const GgufFile b = GgufFile::open(folder / "b.gguf");
  for (const GgufTensor& tensor : a.tensors()) {
    const auto at = std::ranges::find(b.tensors(), tensor.name, &GgufTensor::name);
    ASSERT_NE(at, b.tensors().end());
    EXPECT_TRUE(std::ranges::equal(a.bytes(tensor), b.bytes(*at))) << tensor.name;
  }
}

TEST(GgufExport, ImportanceIsUsedAndChecked) {
  const TempFolder folder;
  write_checkpoint(folder.path() / "m", llama_config(), llama_tensors());
  const Checkpoint checkpoint = open_checkpoint(folder / "m");
  Importance importance;
  importance["model.layers.0.self_attn.q_proj.weight"] = std::vector<float>(32, 0.001F);
  importance["model.layers.0.self_attn.q_proj.weight"][5] = 100;
  export_gguf(checkpoint, {.mix = "Q4_0", .importance = &importance}, folder / "a.gguf");
  export_gguf(checkpoint, {.mix = "Q4_0"}, folder / "b.gguf");
  const auto error_in_column_5 = [&](const std::string& file) {
    const Checkpoint read = open_checkpoint(folder / file);
    const Tensor x = read.weights->read(*read.weights->find("model.layers.0.self_attn.q_proj.weight"));
    const Tensor exact = pattern({32, 32});
    double sum = 0;
    for (std::int64_t r = 0; r < 32; ++r)
      sum += std::abs(x.data<float>()[r * 32 + 5] - exact.data<float>()[r * 32 + 5]);
    return sum;
  };
  EXPECT_LT(error_in_column_5("a.gguf"), 0.5 * error_in_column_5("b.gguf"));
  importance["model.layers.0.self_attn.q_proj.weight"].pop_back();
  EXPECT_EQ(message([&] { plan_gguf(checkpoint, {.importance = &importance}); }),
            "the importance of 'model.layers.0.self_attn.q_proj.weight' is for 31 columns, the weight has 32");
}

TEST(GgufExport, Gpt2MatricesAreTransposed) {
  const TempFolder folder;
  Tensors tensors = {{"transformer.wte.weight", pattern({4, 32})}, {"transformer.wpe.weight", pattern({8, 32})}};
  const std::string h = "transformer.h.0.";
  for (const char* norm : {"transformer.ln_f", "transformer.h.0.ln_1", "transformer.h.0.ln_2"}) {
    tensors.emplace_back(std::string(norm) + ".weight", pattern({32}));
    tensors.emplace_back(std::string(norm) + ".bias", pattern({32}));
  }
  const auto linear = [&](const std::string& name, std::int64_t in, std::int64_t out) {
    tensors.emplace_back(h + name + ".weight", pattern({in, out}));
    tensors.emplace_back(h + name + ".bias", pattern({out}));
  };
  linear("attn.c_attn", 32, 96);
  linear("attn.c_proj", 32, 32);
  linear("mlp.c_fc", 32, 128);
  linear("mlp.c_proj", 128, 32);
  tensors.emplace_back(h + "attn.bias", pattern({1, 1, 8, 8}));
  write_checkpoint(folder.path() / "m",
                   R"({"model_type":"gpt2","n_embd":32,"n_head":2,"n_layer":1,"n_positions":8,"vocab_size":4})",
                   tensors);
  const GgufPlan plan = export_gguf(open_checkpoint(folder / "m"), {.mix = "F32"}, folder / "m.gguf");
  EXPECT_THAT(plan.notes, ElementsAre("transformer.h.0.attn.bias is left out: GGUF readers do without it"));
  const GgufFile file = GgufFile::open(folder / "m.gguf");
  const auto up = std::ranges::find(file.tensors(), "blk.0.ffn_up.weight", &GgufTensor::name);
  ASSERT_NE(up, file.tensors().end());
  EXPECT_EQ(up->shape, (Shape{128, 32}));
  EXPECT_THAT(as_integer(*find_field(file.fields(), "gpt2.feed_forward_length")), Optional(128));
  const Checkpoint again = open_checkpoint(folder / "m.gguf");
  const Tensor expected = pattern({32, 128});
  EXPECT_THAT(again.weights->read(*again.weights->find("h.0.mlp.c_fc.weight")).values<float>(),
              ::testing::ElementsAreArray(expected.values<float>()));
}

TEST(GgufExport, Llama3ScalingBecomesFactors) {
  const TempFolder folder;
  const std::string scaling =
      R"(,"rope_scaling":{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,)"
      R"("original_max_position_embeddings":8192})";
  write_checkpoint(folder.path() / "m", llama_config(scaling), llama_tensors());
  export_gguf(open_checkpoint(folder / "m"), {.mix = "F32"}, folder / "m.gguf");
  const Checkpoint again = open_checkpoint(folder / "m.gguf");
  EXPECT_EQ(again.config["rope_scaling"]["rope_type"], "llama3");
  EXPECT_EQ(again.config["rope_scaling"]["factor"], 8.0);
}

TEST(GgufExport, TheBaseOfTheFrequenciesIsWrittenOnce) {
  const TempFolder folder;
  write_checkpoint(folder.path() / "m",
                   llama_config(R"(,"rope_theta":10000.0,"rope_parameters":{"rope_theta":5000.0})"), llama_tensors());
  export_gguf(open_checkpoint(folder / "m"), {.mix = "F32"}, folder / "m.gguf");
  EXPECT_EQ(open_checkpoint(folder / "m.gguf").config["rope_theta"], 5000.0);
}

TEST(GgufExport, AWindowThatReadersDoWithoutIsNoted) {
  const TempFolder folder;
  const auto notes = [&](const std::string& more) {
    write_checkpoint(folder.path() / "m", llama_config(more), llama_tensors());
    return plan_gguf(open_checkpoint(folder / "m"), {.mix = "F32"}).notes;
  };
  EXPECT_THAT(notes(R"(,"sliding_window":16)"), ElementsAre(HasSubstr("the window of 16 tokens is left out")));
  EXPECT_THAT(notes(R"(,"sliding_window":64)"), IsEmpty());
  EXPECT_THAT(notes(R"(,"sliding_window":null)"), IsEmpty());
}

TEST(GgufExport, WhatCannotBeWrittenIsRefusedBeforeAnythingIs) {
  const TempFolder folder;
  const auto refusal = [&](const std::string& config, const Tensors& tensors, const GgufOptions& options) {
    write_checkpoint(folder.path() / "m", config, tensors);
    const std::string text = message([&] { export_gguf(open_checkpoint(folder / "m"), options, folder / "m.gguf"); });
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1) << "files were left";
    return text;
  };
  Tensors tensors = llama_tensors();
  tensors.emplace_back("model.layers.0.mlp.router.weight", pattern({4, 32}));
  EXPECT_EQ(refusal(llama_config(), tensors, {}),
            "tensor 'model.layers.0.mlp.router.weight' has no name in GGUF files of architecture 'llama'");
  tensors = llama_tensors();
  tensors.erase(tensors.begin() + 2);
  EXPECT_THAT(refusal(llama_config(), tensors, {}), HasSubstr("model.layers.0.self_attn.q_proj.weight"));
  tensors = llama_tensors();
  tensors[2].second.mutable_data<float>()[33] = std::nanf("");
  EXPECT_EQ(refusal(llama_config(), tensors, {.mix = "Q8_0"}),
            "has a NaN at [1, 1] (1 of 1024 values), which has no code");
  tensors[2].second.mutable_data<float>()[33] = 70000;
  EXPECT_EQ(refusal(llama_config(), tensors, {.mix = "F16"}),
            "holds values above 65504, too large for the float16 numbers of F16");
  tensors[2].second.mutable_data<float>()[33] = 1e6F;
  EXPECT_EQ(refusal(llama_config(), tensors, {.mix = "Q4_0"}),
            "holds values above 65504, too large for the float16 numbers of Q4_0");
  EXPECT_THAT(refusal(R"({"model_type":"t5"})", llama_tensors(), {}), HasSubstr("unknown model_type for GGUF 't5'"));
  EXPECT_THAT(refusal(llama_config(R"(,"rope_scaling":{"rope_type":"dynamic","factor":2.0})"), llama_tensors(), {}),
              HasSubstr("GGUF files have no words for the rope type 'dynamic'"));
  EXPECT_THAT(refusal(llama_config(R"(,"hidden_act":"relu")"), llama_tensors(), {}),
              HasSubstr("'hidden_act' is 'relu': GGUF readers compute silu of 'llama' models"));
  const auto yarn = [](const std::string& more) {
    return llama_config(R"(,"rope_scaling":{"rope_type":"yarn","factor":2.0,"original_max_position_embeddings":32,)" +
                        more + "}");
  };
  EXPECT_EQ(refusal(yarn(R"("beta_fast":16)"), llama_tensors(), {}),
            "'beta_fast' is 16: GGUF files are written for yarn's usual 32 only");
  EXPECT_EQ(refusal(yarn(R"("attention_factor":1.5)"), llama_tensors(), {}),
            "'attention_factor' is given: GGUF files are written for yarn without it");
  EXPECT_EQ(refusal(llama_config(), llama_tensors(), {.tokenizer = folder / "none.json"}),
            "cannot open: No such file or directory");
}

TEST(GgufExport, ATokenizerIsWanted) {
  const TempFolder folder;
  write_checkpoint(folder.path() / "m", llama_config(), llama_tensors());
  const Checkpoint checkpoint = open_checkpoint(folder / "m");
  fs::remove(folder.path() / "m/tokenizer.json");
  EXPECT_EQ(message([&] { plan_gguf(checkpoint, {}); }),
            "holds no tokenizer (tokenizer.model, tokenizer.json or one tok*.bin); give one with --tokenizer FILE, or "
            "--tokenizer none for a file without text");
  const GgufPlan plan = plan_gguf(checkpoint, {.tokenizer = "none"});
  EXPECT_THAT(as_string(*find_field(plan.fields, "tokenizer.ggml.model")), Optional(std::string("no_vocab")));
  const std::string large =
      folder.write("t.json", R"({"model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"d":3,"e":4},"merges":[]}})");
  EXPECT_EQ(message([&] { plan_gguf(checkpoint, {.tokenizer = large}); }), "has 5 tokens, the model 4");
}

TEST(Importance, ReadsWhatItWrote) {
  const TempFolder folder;
  const GgufArchitecture& llama = gguf_architecture_of("llama", "");
  const ObservedImportance seen = {
      .sums = {{"lm_head.weight", {1, 2, 3}}, {"model.layers.0.mlp.up_proj.weight", {0.7F, 0}}}, .rows = 3};
  save_importance(seen, llama, "tokens.npz", folder / "imatrix.gguf");
  const Importance read = load_importance(folder / "imatrix.gguf", llama);
  EXPECT_EQ(read, seen.means());
  EXPECT_THAT(read.at("lm_head.weight"), ElementsAre(1.0F / 3, 2.0F / 3, 1));
}

}  // namespace
}  // namespace zeropoint
