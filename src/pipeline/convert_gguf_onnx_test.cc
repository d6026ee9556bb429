// Codes carried from and to GGUF files and to ONNX models: what comes out stands for the same floats, bit for bit.
#include <gmock/gmock.h>

#include <cstring>

#include "architectures/load_model.h"
#include "checkpoint/coded_store.h"
#include "executor/program.h"
#include "exporters/gguf.h"
#include "support/temp_folder.h"
#include "support/tiny_llama.h"
#include "zeropoint/checkpoint.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

bool is_same(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

class ConvertGgufOnnx : public ::testing::Test {
 protected:
  /// Rows of 256 and 512: every block format of GGUF fits.
  ConvertGgufOnnx() { testing::write_tiny_llama(in(), {.hidden = 256, .intermediate = 512}); }

  fs::path in() const { return folder_.path() / "in"; }
  fs::path out(std::string_view name = "out") const { return folder_ / name; }

  fs::path gguf(const std::string& mix) const {
    const fs::path path = folder_ / (mix + ".gguf");
    const Checkpoint checkpoint = open_checkpoint(in());
    const GgufOptions options = {.mix = mix, .tokenizer = "none"};
    write_gguf(checkpoint, plan_gguf(checkpoint, options), options, path);
    return path;
  }

  fs::path quantized(const CheckpointJob& job) const {
    CheckpointJob forced = job;
    forced.force = true;
    quantize_checkpoint(in(), out("from"), forced);
    return out("from");
  }

  std::string refusal(const fs::path& from, const std::string& format) const {
    try {
      convert_checkpoint(from, out(), {.format = format});
    } catch (const Error& e) {
      EXPECT_FALSE(fs::exists(out()));
      return e.what();
    }
    return "";
  }

  static Tensor logits(const fs::path& path) {
    Program program = Program::compile(load_model(path));
    const Tensor tokens = Tensor::of<std::int64_t>({1, 6}, {1, 5, 9, 2, 14, 3});
    return program.run({&tokens, 1})[0];
  }

  /// Every tensor of `a` is in `b` with the same values.
  static void expect_same_values(const fs::path& a, const fs::path& b) {
    const Checkpoint first = open_checkpoint(a);
    const Checkpoint second = open_checkpoint(b);
    EXPECT_EQ(first.weights->tensors().size(), second.weights->tensors().size());
    for (const StoredTensor& tensor : first.weights->tensors()) {
      const StoredTensor* other = second.weights->find(tensor.name);
      ASSERT_NE(other, nullptr) << tensor.name;
      EXPECT_TRUE(is_same(first.weights->read(tensor), second.weights->read(*other))) << tensor.name;
    }
  }

  testing::TempFolder folder_;
};

TEST_F(ConvertGgufOnnx, GgufBlocksBecomeCodesInPlainFiles) {
  for (const std::string mix : {"Q8_0", "Q4_0", "Q6_K"}) {
    SCOPED_TRACE(mix);
    const fs::path from = gguf(mix);
    const CheckpointReport report = convert_checkpoint(from, out(mix), {.format = "plain"});
    EXPECT_THAT(report.weights, SizeIs(9)) << "embedding and output too";
    EXPECT_THAT(report.warnings, ElementsAre(StartsWith("the tokenizer is not carried")));
    expect_same_values(from, out(mix));
    EXPECT_TRUE(is_same(logits(out(mix)), logits(from)));
    EXPECT_EQ(open_checkpoint(out(mix)).config["hidden_size"], 256);
  }
}

TEST_F(ConvertGgufOnnx, EmbeddingsOfGgufAreFloatsWhereLoadersKnowLinearLayersOnly) {
  const fs::path from = gguf("Q8_0");
  for (const std::string format : {"compressed-tensors", "pack-quantized", "gptq"}) {
    SCOPED_TRACE(format);
    fs::remove_all(out());
    if (format == "gptq") testing::write_tiny_llama(in(), {.hidden = 256, .intermediate = 512, .vocabulary = 32});
    const fs::path source = format == "gptq" ? gguf("Q8_0") : from;
    const CheckpointReport report = convert_checkpoint(source, out(), {.format = format});
    EXPECT_THAT(report.weights, SizeIs(8));
    EXPECT_THAT(report.warnings,
                Contains("'model.embed_tokens.weight' is written as float32: " + format + " holds linear layers only"));
    expect_same_values(source, out());
  }
}

TEST_F(ConvertGgufOnnx, CodesOfGgufStayAsTheyAre) {
  const fs::path from = gguf("Q4_0");
  convert_checkpoint(from, out(), {.format = "plain"});
  const Checkpoint first = open_checkpoint(from);
  const Checkpoint second = open_checkpoint(out());
  for (const char* name : {"model.layers.0.self_attn.q_proj.weight", "model.layers.0.mlp.down_proj.weight"}) {
    const auto codes = [&](const Checkpoint& checkpoint) {
      const auto& store = dynamic_cast<const CodedStore&>(*checkpoint.weights);
      return std::get<QuantizedMatrix>(store.load(*store.find(name)));
    };
    const QuantizedMatrix a = codes(first);
    const QuantizedMatrix b = codes(second);
    EXPECT_EQ(a.scheme, b.scheme);
    EXPECT_TRUE(is_same(a.codes, b.codes)) << name;
    EXPECT_TRUE(is_same(a.scales, b.scales)) << name;
  }
}

TEST_F(ConvertGgufOnnx, WhatOnlyGgufHoldsIsRefused) {
  const fs::path mixed = gguf("Q4_K_M");
  EXPECT_THAT(refusal(mixed, "plain"), StartsWith(mixed.string() + ": 'model."));
  EXPECT_THAT(refusal(mixed, "plain"), HasSubstr("(Q4_K) cannot become plain: its blocks count from a float minimum, "
                                                 "which is no integer zero point"));
  EXPECT_THAT(refusal(gguf("Q4_0"), "compressed-tensors"),
              HasSubstr("compressed-tensors has one description for both in config.json; plain and pack-quantized hold "
                        "such mixtures"));
  EXPECT_THAT(refusal(gguf("F32"), "plain"),
              HasSubstr("holds no quantized weight to convert; 'zeropoint quantize' takes floats"));
}

TEST_F(ConvertGgufOnnx, OnnxModelsReadTheSameCodes) {
  const fs::path cases[] = {gguf("Q8_0"), gguf("Q4_0"),
                            quantized({.method = "zero-point", .options = {.bits = 4, .block_size = 32}})};
  for (const fs::path& from : cases) {
    SCOPED_TRACE(from.string());
    const CheckpointReport report = convert_checkpoint(from, out("m.onnx"), {.format = "onnx"});
    EXPECT_THAT(report.weights, SizeIs(from.extension() == ".gguf" ? 8 : 7));
    EXPECT_EQ(report.output_bytes, fs::file_size(out("m.onnx")));
    EXPECT_TRUE(is_same(logits(out("m.onnx")), logits(from)));

    const Model model = load_model(out("m.onnx"));
    const std::string name = "model.layers.0.mlp.up_proj.weight";
    const Tensor scale = model.graph.value(model.graph.find(name + "_scale")).constant;
    EXPECT_EQ(scale.shape(), (Shape{256 / 32, 512}));
    const ValueId zero_point = model.graph.find(name + "_zero_point");
    EXPECT_EQ(zero_point != kNoValue, from.extension() != ".gguf");
  }
}

TEST_F(ConvertGgufOnnx, MatMulNBitsReadsTheSameCodes) {
  const fs::path from = quantized({.method = "zero-point", .options = {.bits = 4, .block_size = 32}});
  const CheckpointReport report = convert_checkpoint(from, out("m.onnx"), {.format = "matmulnbits"});
  EXPECT_EQ(report.format, "matmulnbits");
  EXPECT_NEAR(report.bits_per_weight, 4 + (32.0 + 4) / 32, 1e-9);
  const Model model = load_model(out("m.onnx"));
  EXPECT_EQ(std::ranges::count(model.graph.nodes, "MatMulNBits", &Node::op_type), 7);
  const Tensor expected = logits(from);
  const Tensor found = logits(out("m.onnx"));
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(found.data<float>()[i], expected.data<float>()[i], 1e-4) << "sums in another order";
  }
}

TEST_F(ConvertGgufOnnx, WhatOnnxCannotHoldIsRefused) {
  EXPECT_THAT(refusal(quantized({.method = "nf4"}), "onnx"),
              HasSubstr("cannot become onnx: ONNX holds codes with scale and zero point"));
  EXPECT_THAT(refusal(quantized({.method = "llm-int8"}), "matmulnbits"),
              HasSubstr("(int8 rows (LLM.int8)) cannot become matmulnbits: ONNX holds codes"));
  EXPECT_THAT(refusal(quantized({.options = {.bits = 4, .block_size = 8}}), "matmulnbits"),
              HasSubstr("cannot become matmulnbits: MatMulNBits needs blocks of a multiple of 16, or whole rows"));
}

TEST_F(ConvertGgufOnnx, CodesWithFloat16ScalesBecomeGgufBlocks) {
  struct Case {
    CheckpointJob job;
    const char* type;
  };
  const Case cases[] = {
      {{.method = "absmax", .format = "gptq", .options = {.bits = 8, .block_size = 32}}, "Q8_0"},
      {{.method = "absmax", .format = "gptq", .options = {.bits = 4, .block_size = 64, .full_range = true}}, "Q4_0"},
      {{.method = "absmax", .format = "gptq", .options = {.bits = 3}}, "Q4_0"},
      {{.method = "zero-point", .format = "gptq-v2", .options = {.bits = 4, .block_size = 128}}, "Q5_0"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.type);
    const fs::path from = quantized(c.job);
    const CheckpointReport report = convert_checkpoint(from, out("m.gguf"), {.format = "gguf", .tokenizer = "none"});
    EXPECT_THAT(report.weights, SizeIs(7));
    const Checkpoint written = open_checkpoint(out("m.gguf"));
    EXPECT_EQ(written.weights->find("model.layers.0.self_attn.k_proj.weight")->encoding, c.type);
    EXPECT_EQ(written.weights->find("model.embed_tokens.weight")->encoding, "") << "floats stay floats";
    expect_same_values(from, out("m.gguf"));
  }
}

TEST_F(ConvertGgufOnnx, BlocksComeBackFromPlainFiles) {
  const fs::path from = gguf("Q8_0");
  convert_checkpoint(from, out("plain"), {.format = "plain"});
  convert_checkpoint(out("plain"), out("m.gguf"), {.format = "gguf", .tokenizer = "none"});
  expect_same_values(from, out("m.gguf"));
  const Checkpoint source = open_checkpoint(from);
  const Checkpoint written = open_checkpoint(out("m.gguf"));
  for (const StoredTensor& tensor : source.weights->tensors()) {
    EXPECT_EQ(written.weights->find(tensor.name)->encoding, tensor.encoding) << tensor.name;
  }
}

TEST_F(ConvertGgufOnnx, WhatGgufCannotHoldIsRefused) {
  EXPECT_THAT(refusal(quantized({.method = "nf4"}), "gguf"),
              HasSubstr("cannot become gguf: GGUF holds codes with a scale"));
  EXPECT_THAT(
      refusal(quantized({.method = "zero-point"}), "gguf"),
      HasSubstr("cannot become gguf: GGUF's integers have no zero point, and codes less zero point take 9 bits"));
  EXPECT_THAT(refusal(quantized({.options = {.block_size = 16}}), "gguf"),
              HasSubstr("cannot become gguf: GGUF has a scale for 32 columns"));
  const fs::path from = quantized({.options = {.block_size = 32}});
  try {
    convert_checkpoint(from, out(), {.format = "gguf", .tokenizer = "none"});
    ADD_FAILURE() << "float32 scales";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("would be rounded to float16; quantize to GGUF from the floats"));
    EXPECT_FALSE(fs::exists(out()));
  }
  EXPECT_THAT(refusal(gguf("Q8_0"), "gguf"), HasSubstr("is a GGUF file already"));
}

TEST_F(ConvertGgufOnnx, SaysBeforehandWhatItTakes) {
  const fs::path from = gguf("Q8_0");
  for (const std::string format : {"plain", "onnx"}) {
    Preflight seen;
    ConvertJob job{.format = format};
    job.on_preflight = [&](const Preflight& p) { seen = p; };
    const CheckpointReport report = convert_checkpoint(from, out(format), job);
    EXPECT_EQ(seen.weights, report.weights.size());
    EXPECT_NEAR(static_cast<double>(seen.output_bytes), static_cast<double>(report.output_bytes), 16384) << format;
    EXPECT_GT(seen.peak_memory, 64'000'000U);
    EXPECT_GT(seen.seconds, 0);
  }
}

}  // namespace
}  // namespace zeropoint
