// Ctrl-C while a command works: one line, exit code 130, no new file, and every old one as it was.
#include <map>

#include "cli/cli.h"
#include "fixture.h"
#include "support/tiny_llama.h"

namespace zeropoint::testing {
namespace {

using cli::kExitInterrupted;
using Words = std::vector<std::string>;

class Interrupt : public CommandLine {
 protected:
  /// llama/ holds floats, codes/ the same rounded to int8; ids.npy has token ids for both.
  Interrupt() {
    write_tiny_llama(folder_ / "llama");
    save_npy(Tensor::zeros(DType::i64, {2, 16}), path("ids.npy"));
    EXPECT_EQ(run_zeropoint({"quantize", path("llama"), "--block-size", "32", "-o", path("codes")}).exit_code, 0);
  }

  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> bytes;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      bytes[entry.path().string()].assign(std::istreambuf_iterator<char>(file), {});
    }
    return bytes;
  }

  void expect_to_stop(Words arguments, ProcessOptions when = {}) const {
    SCOPED_TRACE(::testing::PrintToString(arguments));
    const auto names = files();
    const auto before = contents();
    arguments.emplace_back("--quiet");
    when.is_interrupted = true;
    EXPECT_EQ(error_of(arguments, kExitInterrupted, when), "interrupted; nothing was written");
    EXPECT_EQ(files(), names);
    EXPECT_TRUE(contents() == before);
  }

  std::string weights_of(std::string_view checkpoint) const { return path(checkpoint) + "/model.safetensors"; }
};

TEST_F(Interrupt, EndsEndlessData) {
  const auto on_endless_data = [&](Words arguments) {
    arguments.insert(arguments.end(), {"--data", "random", "--limit", "1000000000000"});
    expect_to_stop(arguments);
  };
  on_endless_data({"eval", path("net.onnx"), "--metric", "speed"});
  on_endless_data({"calibrate", path("net.onnx"), "-o", path("out")});
  on_endless_data({"compare", path("net.onnx"), path("net.onnx")});
  on_endless_data({"quantize", path("net.onnx"), "-o", path("out")});
}

TEST_F(Interrupt, EndsWhatRunsACheckpoint) {
  const ProcessOptions with_weights = {.interrupted_with = weights_of("llama")};
  const std::string llama = path("llama");
  const std::string ids = path("ids.npy");
  expect_to_stop({"eval", llama, "--data", ids, "--metric", "perplexity"}, with_weights);
  expect_to_stop({"calibrate", llama, "--data", ids, "-o", path("out")}, with_weights);
  expect_to_stop({"calibrate", llama, "--data", ids, "--importance", "-o", path("out.gguf")}, with_weights);
  expect_to_stop({"compare", llama, path("codes"), "--data", ids}, with_weights);
}

TEST_F(Interrupt, EndsWhatReadsWeightsOnly) {
  for (const char* last_opened : {"llama", "codes"}) {
    expect_to_stop({"compare", path("llama"), path("codes")}, {.interrupted_with = weights_of(last_opened)});
  }
}

TEST_F(Interrupt, RemovesTheOutputThatWasBegun) {
  const ProcessOptions with_output = {.interrupted_at = path("out")};
  const auto ends = [&](Words arguments) { expect_to_stop(std::move(arguments), with_output); };
  for (const char* format : {"plain", "compressed-tensors"}) {
    ends({"convert", path("codes"), "--format", format, "-o", path("out")});
  }
  ends({"convert", path("codes"), "--format", "gguf", "--tokenizer", "none", "-o", path("out.gguf")});
  ends({"convert", path("codes"), "--format", "onnx", "-o", path("out.onnx")});
  ends({"convert", path("codes"), "--format", "matmulnbits", "-o", path("out.onnx")});
  ends({"quantize", path("llama"), "--method", "nf4", "-o", path("out")});
  ends({"quantize", path("llama"), "--method", "gguf:Q8_0", "--tokenizer", "none", "-o", path("out.gguf")});
  ends({"quantize", path("llama"), "--method", "absmax", "--format", "onnx", "-o", path("out.onnx")});
}

}  // namespace
}  // namespace zeropoint::testing
