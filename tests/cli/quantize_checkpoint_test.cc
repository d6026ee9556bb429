// Checkpoints quantized to the formats of their runtimes, with and without importance.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoint/gguf_architecture.h"
#include "checkpoint_fixture.h"
#include "cli/cli.h"
#include "methods/importance.h"

namespace zeropoint::testing {
namespace {

using cli::kExitError;
using cli::kExitUsage;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

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

TEST_F(Checkpoints, RoundingToAnOnnxModelHasEightBitsUnlessToldOtherwise) {
  EXPECT_THAT(run({"quantize", path("llama"), "--method", "absmax", "--format", "onnx", "-o", path("m.onnx")}),
              HasSubstr("7 weights quantized by absmax to 8 bits"));
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
