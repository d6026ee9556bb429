// Checkpoints where ONNX models go, too: inspect, calibrate, explain and compare; and what leads to the right command.
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoint/checkpoint.h"
#include "checkpoint_fixture.h"
#include "cli/cli.h"
#include "observers/statistics.h"

namespace zeropoint::testing {
namespace {

using cli::kExitError;
using cli::kExitUsage;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

TEST_F(Checkpoints, InspectSaysHowTensorsAreStored) {
  EXPECT_THAT(run({"inspect", path("llama")}), HasSubstr("llama: llama in safetensors\n12 tensors, "));
  run(gguf("Q4_K_M", "m.gguf"));
  const std::string text = run({"inspect", path("m.gguf")});
  EXPECT_THAT(text, HasSubstr("m.gguf: llama in GGUF\n"));
  EXPECT_THAT(text, HasSubstr("\nQ4_K "));
  EXPECT_THAT(text, HasSubstr("\nQ6_K "));
  EXPECT_THAT(run({"inspect", path("m.gguf"), "--tensors"}),
              HasSubstr("self_attn.q_proj.weight          Q4_K       [256, 256]   4.50\n"));

  const Json json = Json::parse(run({"inspect", path("m.gguf"), "--json"}));
  EXPECT_EQ(json["file"], "gguf");
  EXPECT_EQ(json["metadata"]["llama.block_count"], 1);
  std::vector<std::string> types;
  for (const Json& type : json["types"]) types.push_back(type["stored_as"]);
  EXPECT_THAT(types, ElementsAre("Q4_K", "Q6_K", "float32"));
  for (const Json& tensor : json["tensors"]) {
    if (tensor["stored_as"] == "Q4_K") {
      EXPECT_EQ(tensor["bits_per_weight"], 4.5) << tensor;
    }
  }
}

TEST_F(Checkpoints, InspectSaysWhatIsMissing) {
  std::filesystem::remove(path("llama/model.safetensors"));
  EXPECT_EQ(error_of({"inspect", path("llama")}, kExitError), "llama: holds no safetensors file");
  std::filesystem::remove(path("llama/config.json"));
  EXPECT_THAT(error_of({"inspect", path("llama")}, kExitError), HasSubstr("llama"));
}

TEST_F(Checkpoints, InspectGoesByWhatAFileHolds) {
  run(gguf("Q8_0", "m.gguf"));
  std::filesystem::rename(path("m.gguf"), path("m.safetensors"));
  EXPECT_THAT(run({"inspect", path("m.safetensors")}), HasSubstr("m.safetensors: llama in GGUF\n"));
  std::filesystem::copy(path("llama/model.safetensors"), path("m.bin"));
  EXPECT_THAT(run({"inspect", path("m.bin")}), HasSubstr("m.bin: safetensors\n12 tensors, "));
}

TEST_F(Checkpoints, AreCalibratedAsOnnxModelsAre) {
  EXPECT_THAT(run({"calibrate", path("llama"), "--data", path("tokens.npy"), "-o", path("s.json")}),
              HasSubstr("s.json: "));
  const Statistics seen = Statistics::load(path("s.json"));
  EXPECT_EQ(seen.samples, 10U);
  EXPECT_TRUE(seen.tensors.contains("model.layers.0.mlp.down_proj"));
  EXPECT_FALSE(seen.tensors.contains("model.layers.0.mlp.down_proj.weight/transposed")) << "weights are not observed";
}

TEST_F(Checkpoints, MistakesAreNamedBeforeAnyWork) {
  std::filesystem::create_directory(path("empty"));
  write_tiny_llama(folder_ / "nan", {.change = [](const std::string& name, Tensor& values) {
                     if (name.ends_with("o_proj.weight")) values.mutable_data<float>()[65] = std::nanf("");
                   }});
  save_npy(Tensor::zeros(DType::i64, {2, 1}), path("short.npy"));
  save_npy(Tensor::zeros(DType::i64, {2, 33}), path("long.npy"));
  const std::vector<std::string> before = files();
  const auto quantize = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"quantize", path("llama"), "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  EXPECT_EQ(error_of({"quantize", path("empty"), "-o", path("out")}, kExitError),
            "empty: is no checkpoint: it holds no config.json");
  EXPECT_EQ(error_of({"eval", path("empty"), "--data", path("tokens.npy")}, kExitError),
            "empty: is no checkpoint: it holds no config.json");
  EXPECT_EQ(error_of(quantize({"-o", ""}), kExitUsage), "--output: the name of the folder to write is empty");
  EXPECT_EQ(error_of(quantize({"--data", path("tokens.npy"), "-o", path("out")}), kExitUsage),
            "--data: is not read: absmax looks at weights alone");
  EXPECT_EQ(error_of(quantize({"--method", "gguf", "-o", path("out")}), kExitUsage),
            "--method: GGUF files need a mix: gguf:Q4_K_M, for example");
  EXPECT_EQ(error_of(quantize({"--method", "gptq", "--data", path("long.npy"), "-o", path("out")}), kExitError),
            "long.npy: holds a sequence of 33 tokens; the model has 32 positions");
  EXPECT_EQ(error_of({"eval", path("llama"), "--data", path("short.npy"), "--metric", "perplexity"}, kExitError),
            "--data: no sequence has 2 tokens: there is none to predict");
  EXPECT_EQ(error_of({"calibrate", path("nan"), "--data", path("tokens.npy"), "--importance", "-o", path("i.gguf")},
                     kExitError),
            "nan: 'model.layers.0.self_attn.o_proj.weight': has a NaN at [1, 1] (1 of 4096 values), which has no code");
  EXPECT_EQ(files(), before);
}

TEST_F(Checkpoints, HelpAndRefusalsLeadToTheRightUse) {
  EXPECT_THAT(run({"quantize", "--help"}), HasSubstr("zeropoint quantize --method gguf: --help"));
  EXPECT_THAT(run({"quantize", "llama/", "--help"}), HasSubstr("usage: zeropoint quantize [options] CHECKPOINT"));
  EXPECT_THAT(run({"quantize", "--method", "nf4", "--help"}), HasSubstr("--double-quantization"));
  EXPECT_THAT(run({"quantize", "--method", "gptq", "--help"}), HasSubstr("usage: zeropoint quantize [options] MODEL"));
  const auto refusal = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"quantize", path("llama"), "--quiet"});
    return error_of(more, kExitUsage);
  };
  EXPECT_EQ(refusal({"--method", "q4_k_m", "-o", path("m.gguf")}),
            "--method: 'q4_k_m' is a mix of GGUF: did you mean 'gguf:Q4_K_M'?");
  EXPECT_THAT(refusal({"--method", "nope", "-o", path("m")}), HasSubstr("nf4, gguf:MIX)"));
  EXPECT_EQ(refusal({"--method", "gguf:Q4_0", "-o", path("m")}),
            "--output: 'm' is to be a GGUF file, whose name ends in .gguf");
  EXPECT_THAT(refusal({"--method", "gguf:Q4_0", "--bits", "4", "-o", path("m.gguf")}),
              HasSubstr("--bits has no use here; it belongs to another quantize: quantize a language model's"));
  EXPECT_THAT(refusal({"--statistics", "s.json", "-o", path("m")}),
              HasSubstr("it belongs to another quantize: turn a float ONNX model into a verified int8 model"));
  EXPECT_EQ(refusal({"--per-tensor", "--block-size", "32", "-o", path("m")}),
            "--per-tensor: contradicts --block-size 32");
  EXPECT_EQ(refusal({"--method", "gptq", "--static-groups", "--data", path("tokens.npy"), "-o", path("m")}),
            "--static-groups: has no use without --act-order, whose groups it fixes");
}

TEST_F(Checkpoints, ATensorIsExplained) {
  const std::string name = "model.layers.0.self_attn.q_proj.weight";
  EXPECT_THAT(run({"explain", path("llama"), "--tensor", name}), HasSubstr(name + " [256, 256]: 65536 elements"));
  EXPECT_EQ(error_of({"explain", path("llama")}, kExitUsage),
            "llama: is a checkpoint: name one of its tensors with --tensor");
  EXPECT_THAT(error_of({"explain", path("llama"), "--tensor", "nope"}, kExitUsage), HasSubstr("--tensors' lists them"));
}

TEST_F(Checkpoints, ATiedLayerIsExplainedByTheWeightThatItReads) {
  const Checkpoint whole = open_checkpoint(path("llama"));
  std::vector<TensorSpec> specs;
  for (const StoredTensor& tensor : whole.weights->tensors()) {
    if (tensor.name != "lm_head.weight") specs.push_back({tensor.name, tensor.dtype, tensor.shape});
  }
  std::filesystem::create_directory(path("tied"));
  SafetensorsWriter writer(path("tied"), specs, {});
  for (const TensorSpec& spec : specs) writer.write(spec.name, whole.weights->read(*whole.weights->find(spec.name)));
  writer.finish();
  Json config = Json::parse(bytes("llama/config.json"));
  config["tie_word_embeddings"] = true;
  folder_.write("tied/config.json", config.dump());
  EXPECT_EQ(error_of({"explain", path("tied"), "--tensor", "lm_head.weight"}, kExitUsage),
            "tied: 'lm_head.weight' is tied to 'model.embed_tokens.weight': name that tensor");
  EXPECT_EQ(error_of({"explain", path("tied"), "--tensor", "lm_hed.weight"}, kExitUsage).find("is tied"),
            std::string::npos);
}

TEST_F(Checkpoints, AGgufFileIsComparedWithItsSource) {
  run(gguf("Q4_K_M", "m.gguf"));
  const Json weights = Json::parse(run({"compare", path("llama"), path("m.gguf"), "--json"}))["weights"]["tensors"];
  ASSERT_EQ(weights.size(), 12U);
  EXPECT_THAT(weights[0]["stored"].get<std::string>(), HasSubstr("Q4_K"));  // worst first
  for (const Json& weight : weights) {
    const bool is_float = weight["stored"] == "float32";
    EXPECT_EQ(weight["sqnr_db"].is_null(), is_float) << weight;  // null: nothing is lost
    if (!is_float) {
      EXPECT_GT(weight["sqnr_db"], 20) << weight;
    }
  }
  const Json all = Json::parse(run({"compare", path("llama"), path("m.gguf"), "--data", path("tokens.npy"), "--json"}));
  EXPECT_GT(all["language"]["kl_mean"], 0);
  EXPECT_GT(all["language"]["perplexity"], 1);
  EXPECT_NE(all["language"]["perplexity"], all["language"]["reference_perplexity"]);
  std::vector<std::string> layers;
  for (const Json& layer : all["layers"]) layers.push_back(layer["name"]);
  EXPECT_THAT(layers, Contains("model.layers.0.self_attn.q_proj"));

  const std::string text = run({"compare", path("llama"), path("m.gguf"), "--data", path("tokens.npy")});
  EXPECT_THAT(text, HasSubstr("KL divergence  mean "));
  EXPECT_THAT(text, HasSubstr("layer, worst first"));
  EXPECT_THAT(text, HasSubstr("weight, worst first"));
}

TEST_F(Checkpoints, EqualTensorsAreCountedAndLonelyOnesNamed) {
  run({"quantize", path("llama"), "--include", "*.q_proj", "-o", path("q")});
  EXPECT_EQ(run({"compare", path("llama"), path("llama")}), "12 tensors equal\n");
  const std::string text = run({"compare", path("llama"), path("q")});
  EXPECT_THAT(text, HasSubstr("\nmodel.layers.0.self_attn.q_proj.weight  "));
  EXPECT_THAT(text, HasSubstr("\n11 tensors equal\n"));
  EXPECT_THAT(text, Not(HasSubstr("k_proj")));
  EXPECT_THAT(run({"compare", path("llama"), path("q"), "--all"}), HasSubstr("k_proj"));

  std::filesystem::create_directory(path("few"));
  SafetensorsWriter few(path("few"), {{"extra", DType::f32, {1}}}, {});
  few.write("extra", Tensor::of<float>({1}, {0}));
  few.finish();
  const std::string lonely = run({"compare", path("llama"), path("few/model.safetensors")});
  EXPECT_THAT(lonely, HasSubstr("12 tensors in "));
  EXPECT_THAT(lonely, HasSubstr("and 9 more\n"));
  EXPECT_THAT(lonely, HasSubstr("1 tensor in "));
  EXPECT_THAT(lonely, HasSubstr(" only: extra\n"));
}

}  // namespace
}  // namespace zeropoint::testing
