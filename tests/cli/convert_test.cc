// Codes of checkpoints from format to format.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoint_fixture.h"
#include "cli/cli.h"

namespace zeropoint::testing {
namespace {

using cli::kExitError;
using cli::kExitUsage;
using ::testing::HasSubstr;
using Json = nlohmann::json;

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

}  // namespace
}  // namespace zeropoint::testing
