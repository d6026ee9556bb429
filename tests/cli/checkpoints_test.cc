// Checkpoints as users meet them: inspect, calibrate, quantize to GGUF, convert and compare.
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "checkpoint/checkpoint.h"
#include "checkpoint/gguf_architecture.h"
#include "cli/cli.h"
#include "fixture.h"
#include "methods/importance.h"
#include "observers/statistics.h"
#include "support/tiny_llama.h"

namespace zeropoint::testing {
namespace {

using cli::kExitError;
using cli::kExitUsage;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class Checkpoints : public CommandLine {
 protected:
  /// llama/ is a checkpoint whose rows fill super-blocks, tokens.npy ten sequences of 16 ids for it.
  Checkpoints() {
    write_tiny_llama(folder_ / "llama", {.hidden = 256, .intermediate = 512});
    Tensor ids = Tensor::allocate(DType::i64, {10, 16});
    std::mt19937 random(3);
    for (std::int64_t& id : ids.mutable_values<std::int64_t>()) id = static_cast<std::int64_t>(random() % 16);
    save_npy(ids, path("tokens.npy"));
  }

  std::string run(const std::vector<std::string>& arguments) const {
    const ProcessResult result = run_zeropoint(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }

  /// quantize llama/ to this file of the folder, without a tokenizer.
  std::vector<std::string> gguf(const std::string& mix, const std::string& output,
                                const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"quantize",    path("llama"), "--method", "gguf:" + mix,
                                          "--tokenizer", "none",        "-o",       path(output)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  std::string bytes(std::string_view name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
};

// ---- inspect

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

// ---- calibrate

TEST_F(Checkpoints, AreCalibratedAsOnnxModelsAre) {
  EXPECT_THAT(run({"calibrate", path("llama"), "--data", path("tokens.npy"), "-o", path("s.json")}),
              HasSubstr("s.json: "));
  const Statistics seen = Statistics::load(path("s.json"));
  EXPECT_EQ(seen.samples, 10U);
  EXPECT_TRUE(seen.tensors.contains("model.layers.0.mlp.down_proj"));
  EXPECT_FALSE(seen.tensors.contains("model.layers.0.mlp.down_proj.weight/transposed")) << "weights are not observed";
}

TEST_F(Checkpoints, ImportanceComesFromDataOrFromAFile) {
  EXPECT_EQ(run({"calibrate", path("llama"), "--data", path("tokens.npy"), "--importance", "-o", path("i.gguf")}),
            path("i.gguf") + ": 8 weights, 160 tokens\n");
  const Importance importance = load_importance(path("i.gguf"), gguf_architecture_of("llama", ""));
  EXPECT_EQ(importance.at("model.layers.0.mlp.down_proj.weight").size(), 512U);
  EXPECT_FALSE(importance.contains("model.embed_tokens.weight"));

  run(gguf("Q2_K", "plain.gguf"));
  run(gguf("Q2_K", "computed.gguf", {"--importance", "imatrix", "--data", path("tokens.npy")}));
  run(gguf("Q2_K", "read.gguf", {"--importance", path("i.gguf")}));
  EXPECT_TRUE(bytes("computed.gguf") == bytes("read.gguf"));
  EXPECT_FALSE(bytes("computed.gguf") == bytes("plain.gguf"));
}

TEST_F(Checkpoints, ImportanceIsRefusedInOneLine) {
  const std::vector<std::string> before = files();
  EXPECT_EQ(error_of(gguf("Q4_K_M", "m.gguf", {"--importance", "imatrix"}), kExitUsage),
            "--importance: imatrix is computed from token ids: give --data FILE (.npz, .npy or .txt), or a finished "
            "matrix's file here");
  EXPECT_EQ(error_of(gguf("Q4_K_M", "m.gguf", {"--data", path("tokens.npy")}), kExitUsage),
            "--data: is for computing the importance of columns: give --importance imatrix, too");
  EXPECT_EQ(error_of(gguf("Q4_K_M", "m.gguf", {"--importance", path("none.gguf")}), kExitError),
            "none.gguf: cannot open: No such file or directory");
  EXPECT_EQ(error_of(gguf("Q4_K_M", "m.gguf", {"--importance", path("x.npz")}), kExitError),
            "x.npz: is no importance matrix: neither a GGUF file of zeropoint or llama.cpp nor llama.cpp's older .dat");
  EXPECT_EQ(files(), before);

  write_tiny_llama(folder_ / "narrow");
  run({"calibrate", path("narrow"), "--data", path("tokens.npy"), "--importance", "-o", path("i.gguf")});
  EXPECT_THAT(error_of(gguf("Q4_K_M", "m.gguf", {"--importance", path("i.gguf")}), kExitError),
              HasSubstr("is for 64 columns, the weight has 256"));
  EXPECT_EQ(error_of({"inspect", path("i.gguf")}, kExitError),
            "i.gguf: is an importance matrix and no model: it is for quantize --method gguf:MIX --importance");
  EXPECT_EQ(error_of({"calibrate", path("net.onnx"), "--data", path("x.npz"), "--importance", "-o", path("j.gguf")},
                     kExitUsage),
            "net.onnx: is no checkpoint: a folder with config.json, a .safetensors or a .gguf file is wanted");
}

// ---- quantize --method gguf:MIX

TEST_F(Checkpoints, AGgufFileIsReportedByType) {
  const std::string text = run(gguf("Q4_K_M", "m.gguf"));
  EXPECT_THAT(text, HasSubstr("\nQ4_K "));
  EXPECT_THAT(text, HasSubstr("m.gguf: gguf:Q4_K_M, "));
  const Json json = Json::parse(run(gguf("Q2_K", "n.gguf", {"--json"})));
  EXPECT_EQ(json["output_bytes"], std::filesystem::file_size(path("n.gguf")));
  EXPECT_EQ(json["tensors"].size(), 12U);

  write_tiny_llama(folder_ / "llama");  // rows of 64 and 96: no super-blocks
  EXPECT_THAT(
      run(gguf("Q4_K_M", "m.gguf")),
      HasSubstr("6 tensors Q5_0 instead of Q4_K: rows of 64 are no multiple of 256\n  (token_embd.weight ...)\n"));
}

TEST_F(Checkpoints, AGgufFileIsRefusedInOneLine) {
  const std::vector<std::string> before = files();
  EXPECT_THAT(error_of(gguf("Q4_K_X", "m.gguf"), kExitUsage), HasSubstr("'Q4_K_X'"));
  EXPECT_THAT(error_of({"quantize", path("llama"), "--method", "gguf:Q8_0", "-o", path("m.gguf")}, kExitError),
              HasSubstr("llama/tokenizer.json"));
  EXPECT_THAT(error_of(gguf("Q8_0", "nowhere/m.gguf"), kExitError),
              HasSubstr("nowhere/m.gguf: cannot create: No such file or directory"));
  EXPECT_EQ(error_of(gguf("Q8_0", "llama"), kExitError), "llama: is a folder; give the name of a file to write");
  EXPECT_EQ(files(), before);
}

TEST_F(Checkpoints, MixesMayBeWrittenInSmallLetters) {
  run(gguf("Q4_K_M", "large.gguf"));
  run(gguf("q4_k_m", "small.gguf"));
  EXPECT_TRUE(bytes("small.gguf") == bytes("large.gguf"));
}

TEST_F(Checkpoints, TheLastLineCountsWhatIsQuantized) {
  write_tiny_llama(folder_ / "odd", {.intermediate = 80});  // gptq packs multiples of 32
  const auto quantize = [&](const char* model, const char* method, const char* output) {
    return run({"quantize", path(model), "--method", method, "--bits", "4", "--format", "gptq", "-o", path(output),
                "--quiet"});
  };
  EXPECT_THAT(quantize("odd", "absmax", "few"), HasSubstr("few: absmax, gptq; 4 of 7 matrices; "));
  EXPECT_THAT(quantize("llama", "absmax", "all"), HasSubstr("all: absmax, gptq, int4 symmetric per channel; "));
  EXPECT_THAT(run({"quantize", path("odd"), "--method", "gptq", "--bits", "4", "--data", path("tokens.npy"), "--format",
                   "gptq", "-o", path("solved")}),
              HasSubstr("solved: gptq; 4 of 7 matrices; "));
}

// ---- what cannot be

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

TEST_F(Checkpoints, RoundingToAnOnnxModelHasEightBitsUnlessToldOtherwise) {
  EXPECT_THAT(run({"quantize", path("llama"), "--method", "absmax", "--format", "onnx", "-o", path("m.onnx")}),
              HasSubstr("7 weights quantized by absmax to 8 bits"));
}

// ---- convert

TEST_F(Checkpoints, CodesGoFromFormatToFormatAndBack) {
  run({"quantize", path("llama"), "--method", "zero-point", "--bits", "4", "--block-size", "32", "--format", "gptq-v2",
       "-o", path("first")});
  std::string from = path("first");
  for (const std::string format : {"plain", "compressed-tensors", "gptq-v2"}) {
    SCOPED_TRACE(format);
    EXPECT_THAT(run({"convert", from, "--format", format, "-o", path(format)}), HasSubstr("7 weights as " + format));
    const Json json = Json::parse(run({"compare", path("first"), path(format), "--json"}));
    for (const Json& weight : json["weights"]["tensors"]) EXPECT_EQ(weight["max_abs_error"], 0) << weight;
    from = path(format);
  }
  EXPECT_TRUE(bytes("gptq-v2/model.safetensors") == bytes("first/model.safetensors"));
}

TEST_F(Checkpoints, WhatAnotherFormatCannotHoldIsNotConverted) {
  run({"quantize", path("llama"), "--method", "nf4", "-o", path("nf4")});
  run({"quantize", path("llama"), "--method", "absmax", "-o", path("int8")});
  const std::vector<std::string> before = files();
  EXPECT_THAT(error_of({"convert", path("nf4"), "--format", "plain", "-o", path("out")}, kExitError),
              HasSubstr("nf4: 'model.layers.0."));
  EXPECT_THAT(error_of({"convert", path("int8"), "--format", "bitsandbytes", "-o", path("out")}, kExitError),
              HasSubstr("cannot become bitsandbytes: "));
  EXPECT_EQ(
      error_of({"convert", path("int8"), "--format", "gptq", "-o", path("out"), "--quiet"}, kExitError),
      "int8: model.layers.0.mlp.down_proj.weight: scale 0.0025328111 would be rounded to float16; quantize to this "
      "format from the floats");
  EXPECT_EQ(error_of({"convert", path("llama"), "--format", "plain", "-o", path("out")}, kExitUsage),
            "llama: holds no quantized weight to convert; 'zeropoint quantize' takes floats");
  EXPECT_THAT(error_of({"convert", path("int8"), "--format", "awq", "-o", path("out")}, kExitUsage),
              HasSubstr("'awq'"));
  EXPECT_EQ(files(), before);
}

TEST_F(Checkpoints, AFolderIsConvertedToAsItIsQuantizedTo) {
  run({"quantize", path("llama"), "--method", "absmax", "-o", path("int8") + "/"});
  const auto convert = [&](const std::string& to, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"convert", path("int8"), "--format", "plain", "-o", path(to), "--quiet"});
    return more;
  };
  EXPECT_THAT(run(convert("slash/")), HasSubstr("slash/: 7 weights as plain"));
  std::filesystem::create_directory(path("empty"));
  EXPECT_THAT(run(convert("empty")), HasSubstr("empty: 7 weights as plain"));
  EXPECT_EQ(error_of(convert("slash"), kExitUsage), "slash: exists and is not empty; give the name of a new folder");
  EXPECT_THAT(run(convert("slash", {"--force"})), HasSubstr("slash: 7 weights as plain"));
  EXPECT_TRUE(bytes("slash/model.safetensors") == bytes("int8/model.safetensors"));

  EXPECT_EQ(error_of(convert("llama", {"--force"}), kExitUsage),
            "llama: holds no quantized checkpoint, and nothing else is replaced; give the name of a new folder");
  EXPECT_EQ(error_of(convert("int8", {"--force"}), kExitUsage),
            "--output: 'int8' is the input; it is never overwritten");
  EXPECT_EQ(error_of({"convert", path("nosuch"), "--format", "plain", "-o", path("nowhere/out/")}, kExitUsage),
            "nosuch: is no checkpoint: a folder with config.json, a .safetensors or a .gguf file is wanted");
  EXPECT_EQ(error_of({"convert", path("int8"), "--format", "gguf", "--tokenizer", "none", "-o", path("nowhere/m.gguf")},
                     kExitError),
            "nowhere/m.gguf: cannot create: No such file or directory");
}

TEST_F(Checkpoints, CodesGoFromGgufToOnnxAndBack) {
  run(gguf("Q8_0", "m.gguf"));
  const ProcessResult plain = run_zeropoint({"convert", path("m.gguf"), "--format", "plain", "-o", path("plain")});
  EXPECT_EQ(plain.exit_code, 0);
  EXPECT_THAT(plain.out, HasSubstr("9 weights as plain, 9.00 bits each"));
  EXPECT_THAT(plain.err, HasSubstr("9 matrices: "));
  EXPECT_THAT(plain.err, HasSubstr("the tokenizer is not carried"));
  const ProcessResult onnx =
      run_zeropoint({"convert", path("plain"), "--format", "onnx", "--max-shard-bytes", "1000", "-o", path("m.onnx")});
  EXPECT_THAT(onnx.out, HasSubstr("m.onnx: 8 weights as onnx, 9.00 bits each"));
  EXPECT_THAT(onnx.err, HasSubstr("warning: --max-shard-bytes has no use with --format onnx, which is one file\n"));
  EXPECT_THAT(run({"convert", path("plain"), "--format", "gguf", "--tokenizer", "none", "-o", path("again.gguf")}),
              HasSubstr("again.gguf: 9 weights as gguf, 8.50 bits each"));
  const Json json = Json::parse(run({"compare", path("m.gguf"), path("again.gguf"), "--json"}));
  for (const Json& weight : json["weights"]["tensors"]) EXPECT_EQ(weight["max_abs_error"], 0) << weight;

  EXPECT_EQ(
      error_of({"convert", path("m.gguf"), "--format", "plain", "--tokenizer", "none", "-o", path("o")}, kExitUsage),
      "--tokenizer: is for --format gguf");
}

// ---- compare

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

TEST_F(Checkpoints, DoubleQuantizationThatDoesNotPayIsWarnedOf) {
  write_tiny_llama(folder_ / "small");
  const ProcessResult small =
      run_zeropoint({"quantize", path("small"), "--method", "nf4", "--double-quantization", "-o", path("small-nf4")});
  EXPECT_THAT(small.err, HasSubstr("warning: --double-quantization makes these weights larger, "));
  write_tiny_llama(folder_ / "large", {.hidden = 1024, .intermediate = 1024});
  const ProcessResult large =
      run_zeropoint({"quantize", path("large"), "--method", "nf4", "--double-quantization", "-o", path("large-nf4")});
  EXPECT_THAT(large.err, Not(HasSubstr("larger")));
}

}  // namespace
}  // namespace zeropoint::testing
