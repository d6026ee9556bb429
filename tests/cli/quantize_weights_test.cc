// quantize --method on ONNX models and on checkpoints, as users run it.
#include <nlohmann/json.hpp>
#include <random>

#include "cli/cli.h"
#include "fixture.h"
#include "support/tiny_llama.h"

namespace zeropoint::testing {
namespace {

using cli::kExitError;
using cli::kExitInterrupted;
using cli::kExitUsage;
using ::testing::HasSubstr;
using Json = nlohmann::json;

Tensor normal(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0, 1);
  Tensor x = Tensor::allocate(DType::f32, shape);
  for (float& value : x.mutable_values<float>()) value = distribution(random);
  return x;
}

class QuantizeByMethod : public CommandLine {
 protected:
  /// A layer that is done at once, and one of `inputs` that takes a while.
  std::string save_layers(std::int64_t inputs, std::int64_t outputs) const {
    Model model = model_of(
        "g (float32[N, 16] x) => (y) <float32[1] w1 = {0}, float32[1] w2 = {0}>\n"
        "{ [\"first\"] h = MatMul(x, w1) r = Relu(h) [\"second\"] y = MatMul(r, w2) }");
    model.graph.value(model.graph.find("w1")).constant = normal({16, inputs}, 1);
    model.graph.value(model.graph.find("w2")).constant = normal({inputs, outputs}, 2);
    save_onnx(model, path("layers.onnx"));
    save_npy(normal({64, 16}, 3), path("rows.npy"));
    return path("layers.onnx");
  }

  std::vector<std::string> gptq(const std::string& input, const std::string& output) const {
    return {"quantize", input, "--method", "gptq", "--data", path("rows.npy"), "-o", path(output)};
  }

  std::string bytes(std::string_view name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  std::string tiny_llama() const {
    write_tiny_llama(folder_ / "llama");
    Tensor ids = Tensor::allocate(DType::i64, {10, 16});
    std::mt19937 random(3);
    for (std::int64_t& id : ids.mutable_values<std::int64_t>()) id = static_cast<std::int64_t>(random() % 16);
    save_npy(ids, path("rows.npy"));
    return path("llama");
  }
};

TEST_F(QuantizeByMethod, ReportsEveryWeight) {
  const ProcessResult text = run_zeropoint(gptq(save_layers(32, 4), "q.onnx"));
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_EQ(text.err, "");
  EXPECT_THAT(text.out, HasSubstr("weight  out x in"));
  EXPECT_THAT(text.out, HasSubstr("\nw2          4x32"));
  EXPECT_THAT(text.out, HasSubstr("\n2 weights quantized by gptq to 4 bits\noutput 'y': SQNR "));
  EXPECT_TRUE(std::filesystem::exists(path("q.onnx")));
  EXPECT_FALSE(std::filesystem::exists(path("q.onnx.journal")));

  std::vector<std::string> arguments = gptq(path("layers.onnx"), "n.onnx");
  arguments.insert(arguments.end(), {"--format", "matmulnbits", "--block-size", "16", "--json"});
  const Json json = Json::parse(run_zeropoint(arguments).out);
  EXPECT_EQ(json["format"], "matmulnbits");
  EXPECT_EQ(json["calibration_samples"], 64);
  ASSERT_EQ(json["weights"].size(), 2U);
  EXPECT_EQ(json["weights"][1]["name"], "w2");
  EXPECT_LE(json["weights"][1]["loss"], json["weights"][1]["rounding_loss"]);
}

TEST_F(QuantizeByMethod, RefusesInOneLine) {
  const std::string model = save_layers(32, 4);
  const std::vector<std::string> before = files();
  EXPECT_EQ(error_of({"quantize", model, "--method", "gptq", "-o", path("q.onnx")}, kExitUsage),
            "--data: is needed: gptq makes up for errors on calibration data");
  std::vector<std::string> narrow = {"quantize", model,         "--method", "gptq",
                                     "--data",   path("x.npz"), "-o",       path("q.onnx")};
  EXPECT_THAT(error_of(narrow, kExitError), HasSubstr("x.npz"));
  std::vector<std::string> bits = gptq(model, "q.onnx");
  bits.insert(bits.end(), {"--bits", "5"});
  EXPECT_EQ(error_of(bits, kExitUsage), "--bits: weights have 8, 4, 3 or 2 bits, not 5");
  EXPECT_EQ(files(), before);
}

TEST_F(QuantizeByMethod, CtrlCKeepsTheJournalFromWhichTheSameCommandGoesOn) {
  const std::string model = save_layers(1024, 4096);
  std::vector<std::string> arguments = gptq(model, "q.onnx");
  arguments.emplace_back("--quiet");
  const std::vector<std::string> before = files();
  const std::string first_weight = path("q.onnx.journal/00000.weight");
  EXPECT_EQ(error_of(arguments, kExitInterrupted, {.is_interrupted = true, .interrupted_at = first_weight}),
            "interrupted; the same command goes on from q.onnx.journal, which holds 1 finished weight");
  std::vector<std::string> expected = before;
  expected.insert(std::ranges::lower_bound(expected, "q.onnx.journal"), "q.onnx.journal");
  EXPECT_EQ(files(), expected) << "the journal, and nothing else";

  EXPECT_EQ(run_zeropoint(gptq(model, "whole.onnx")).exit_code, 0);
  const ProcessResult resumed = run_zeropoint(gptq(model, "q.onnx"));
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_THAT(resumed.out, HasSubstr("2 weights quantized by gptq to 4 bits, 1 of them by the interrupted run"));
  EXPECT_TRUE(bytes("q.onnx") == bytes("whole.onnx"));
  EXPECT_FALSE(std::filesystem::exists(path("q.onnx.journal")));
}

TEST_F(QuantizeByMethod, ACheckpointByGptq) {
  std::vector<std::string> arguments = gptq(tiny_llama(), "out");
  arguments.insert(arguments.end(), {"--block-size", "32", "--format", "compressed-tensors"});
  const ProcessResult text = run_zeropoint(arguments);
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("self_attn.q_proj"));
  EXPECT_TRUE(std::filesystem::exists(path("out/model.safetensors")));
  EXPECT_FALSE(std::filesystem::exists(path("out.journal")));
  const std::vector<std::string> before = files();
  EXPECT_THAT(error_of(arguments, kExitUsage), HasSubstr("out: "));
  EXPECT_EQ(error_of({"quantize", path("llama"), "--method", "gptq", "-o", path("other")}, kExitUsage),
            "--data: is needed: gptq makes up for errors on calibration data");
  EXPECT_EQ(files(), before);
}

TEST_F(QuantizeByMethod, ACheckpointAsAnOnnxModel) {
  const std::string llama = tiny_llama();
  for (const char* method : {"absmax", "zero-point", "gptq"}) {
    for (const char* format : {"onnx", "matmulnbits"}) {
      const ProcessResult text =
          run_zeropoint({"quantize", llama, "--method", method, "--format", format, "--bits", "4", "--block-size", "32",
                         "--data", path("rows.npy"), "-o", path("q.onnx")});
      EXPECT_EQ(text.exit_code, 0) << text.err;
      EXPECT_THAT(text.out, HasSubstr("7 weights quantized by " + std::string(method) + " to 4 bits"));
      EXPECT_THAT(text.out, HasSubstr("output 'logits': SQNR "));
    }
  }
  EXPECT_EQ(run_zeropoint({"eval", path("q.onnx"), "--data", path("rows.npy"), "--metric", "perplexity"}).exit_code, 0);
}

}  // namespace
}  // namespace zeropoint::testing
