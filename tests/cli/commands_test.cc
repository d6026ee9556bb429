// What each command prints and writes when all is well.
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "data/npz.h"
#include "fixture.h"

namespace zeropoint::testing {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

Json json_of(const std::vector<std::string>& arguments) {
  const ProcessResult result = run_zeropoint(arguments);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return Json::parse(result.out);
}

/// Lines of more than 80 characters, which a terminal would break.
std::vector<std::string> long_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.size() > 80) lines.push_back(line);
  }
  return lines;
}

using Commands = CommandLine;

TEST_F(Commands, TheOverviewNamesEveryCommandAndEachHasHelp) {
  const ProcessResult overview = run_zeropoint({"--help"});
  EXPECT_EQ(overview.exit_code, 0);
  EXPECT_THAT(long_lines(overview.out), ElementsAre());
  for (const char* name :
       {"inspect", "quantize", "eval", "compare", "run", "explain", "calibrate", "merge", "dequantize", "ops"}) {
    EXPECT_THAT(overview.out, HasSubstr("\n  " + std::string(name) + " "));
    const ProcessResult help = run_zeropoint({name, "--help"});
    EXPECT_EQ(help.exit_code, 0) << name;
    EXPECT_THAT(help.out, HasSubstr("\nusage: zeropoint " + std::string(name)));
    EXPECT_THAT(help.out, HasSubstr("\nexamples:\n  zeropoint " + std::string(name)));
    EXPECT_THAT(long_lines(help.out), ElementsAre()) << name;
  }
  EXPECT_THAT(run_zeropoint({"--version"}).out, HasSubstr("zeropoint 0."));
  EXPECT_EQ(run_zeropoint({"version"}).out, run_zeropoint({"--version"}).out);
  EXPECT_EQ(run_zeropoint({"help", "merge"}).out, run_zeropoint({"merge", "--help"}).out);
}

TEST_F(Commands, HelpOfEveryKindOfQuantizationFitsTheLine) {
  for (const std::vector<std::string>& kind : {std::vector<std::string>{"m.onnx"},
                                               {"m.onnx", "--method", "gptq"},
                                               {"m.npy"},
                                               {folder_.path().string()},
                                               {"m.gguf", "--method", "gguf:Q4_0"}}) {
    std::vector<std::string> arguments = {"quantize"};
    arguments.insert(arguments.end(), kind.begin(), kind.end());
    arguments.emplace_back("--help");
    EXPECT_THAT(long_lines(run_zeropoint(arguments).out), ElementsAre()) << kind.back();
  }
}

TEST_F(Commands, EvalScores) {
  const std::vector<std::string> arguments = {"eval", path("net.onnx"), "--data", path("x.npz")};
  const ProcessResult text = run_zeropoint(arguments);
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr(": 4 samples\n  top1        75.00 %\n  speed"));
  EXPECT_EQ(text.err, "");

  std::vector<std::string> with_json = arguments;
  with_json.insert(with_json.end(), {"--json", "--batch", "3", "--threads", "1"});
  const Json json = json_of(with_json);
  EXPECT_EQ(json["top1"], 0.75);
  EXPECT_EQ(json["samples"], 4);
  EXPECT_EQ(json["threads"], 1);
  EXPECT_GT(json["samples_per_second"], 0);
}

TEST_F(Commands, RunWritesTheOutputs) {
  const ProcessResult result = run_zeropoint({"run", path("net.onnx"), "--data", path("x.npz"), "-o", path("y.npz")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("y       float32  [4, 3]    0    6"));
  const Tensor y = NpzFile(path("y.npz")).open("y").all();
  EXPECT_EQ(y.shape(), (Shape{4, 3}));
  EXPECT_THAT(y.values<float>(), ElementsAre(2, 4, 6, 6, 4, 2, 0, 0, 2, 2, 0, 0));

  const Json json = json_of({"run", path("net.onnx"), "--data", path("x.npz"), "-o", path("z.npy"), "--batch", "1",
                             "--limit", "2", "--json"});
  EXPECT_EQ(json["outputs"][0]["shape"], Json({2, 3}));
  EXPECT_THAT(load_npy(path("z.npy")).values<float>(), ElementsAre(2, 4, 6, 6, 4, 2));
}

TEST_F(Commands, CompareFindsTheLayerThatDiffers) {
  save_model("other.onnx",
             "g (float32[N, 3] x) => (float32[N, 3] y)\n"
             "<float32[] two = {2.5}> { [\"double\"] h = Mul(x, two) [\"clip\"] y = Relu(h) }");
  const ProcessResult text = run_zeropoint({"compare", path("net.onnx"), path("other.onnx"), "--data", path("x.npz")});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("y       Relu        12.04  1.000000        1.5"));
  EXPECT_THAT(text.out, HasSubstr("h                   Mul         12.04"));
  const Json json = json_of({"compare", path("net.onnx"), path("net.onnx"), "--data", path("x.npz"), "--json"});
  EXPECT_TRUE(json["layers"][0]["sqnr_db"].is_null());
  EXPECT_EQ(json["outputs"][0]["max_abs_error"], 0);
}

TEST_F(Commands, InspectCounts) {
  const ProcessResult text = run_zeropoint({"inspect", path("net.onnx")});
  EXPECT_THAT(text.out, HasSubstr("2 nodes, 1 parameters in 4 bytes"));
  EXPECT_THAT(text.out, HasSubstr("input   x     float32  [N, 3]"));
  EXPECT_EQ(json_of({"inspect", path("net.onnx"), "--json"})["nodes"].size(), 2U);
  EXPECT_THAT(run_zeropoint({"inspect", path("net.onnx"), "--graph"}).out, HasSubstr("h = Mul(x, two)"));
}

TEST_F(Commands, OpsIsATable) {
  const std::string table = run_zeropoint({"ops"}).out;
  EXPECT_THAT(table, HasSubstr("\nRelu "));
  EXPECT_THAT(table, HasSubstr("\nMatMulIntegerToFloat "));  // whole: no name is shortened
  EXPECT_THAT(table, Not(HasSubstr("..")));
  EXPECT_THAT(long_lines(table), ElementsAre());
  EXPECT_GT(json_of({"ops", "--json"}).size(), 10U);
}

TEST_F(Commands, RandomDataComesWithAWarningThatQuietDrops) {
  const std::vector<std::string> arguments = {"eval", path("net.onnx"), "--data", "random", "--metric", "speed"};
  const ProcessResult loud = run_zeropoint(arguments);
  EXPECT_EQ(loud.exit_code, 0) << loud.err;
  EXPECT_EQ(loud.err,
            "zeropoint: warning: random: the data is random noise: accuracy, ranges and scales from it mean nothing\n");
  std::vector<std::string> with_quiet = arguments;
  with_quiet.emplace_back("--quiet");
  const ProcessResult quiet = run_zeropoint(with_quiet);
  EXPECT_EQ(quiet.err, "");
  EXPECT_THAT(quiet.out, HasSubstr("samples/s"));
}

TEST_F(Commands, JsonSurvivesNamesThatAreNotUtf8) {
  save_npy(Tensor::of<float>({2}, {1, 2}), path("a.npy"));
  const std::string output = path("q\xff.npz");
  EXPECT_THAT(json_of({"quantize", path("a.npy"), "-o", output, "--json"})["output"], EndsWith("q\xEF\xBF\xBD.npz"));
  EXPECT_TRUE(std::filesystem::exists(output));
}

TEST_F(Commands, ALossMeasuredOnNoiseSaysSo) {
  save_model("product.onnx",
             "g (float32[N, 3] x) => (float32[N, 3] y)\n"
             "<float32[3, 3] w = {1, 2, 3, 4, 5, 6, 7, 8, 9}> { y = MatMul(x, w) }");
  json_of({"calibrate", path("product.onnx"), "--data", path("x.npz"), "-o", path("s.json"), "--json"});
  std::vector<std::string> arguments = {"quantize", path("product.onnx"), "--statistics", path("s.json"),
                                        "-o",       path("q.onnx")};
  EXPECT_THAT(run_zeropoint(arguments).out, HasSubstr("(on random input)\n"));
  arguments.emplace_back("--json");
  EXPECT_EQ(json_of(arguments)["verification_data"], "random");
}

TEST_F(Commands, ArraysSayWhatHasNoCode) {
  const float inf = std::numeric_limits<float>::infinity();
  const auto quantized = [&](const Tensor& x) {
    save_npy(x, path("x.npy"));
    return run_zeropoint({"quantize", path("x.npy"), "--nan", "zero", "--inf", "clip", "-o", path("q.npz")}).out;
  };
  EXPECT_THAT(quantized(Tensor::of<float>({4}, {1, inf, -2, NAN})),
              HasSubstr("1 grid, exact where finite, 1 NaN set to 0, 1 infinity clipped, 8 bytes for 16\n"));
  EXPECT_THAT(quantized(Tensor::of<float>({3}, {inf, -inf, inf})), HasSubstr("1 grid, 3 infinities clipped, "));
  EXPECT_THAT(quantized(Tensor::of<float>({0}, {})), HasSubstr(", no elements, "));
  const Json json = json_of({"quantize", path("x.npy"), "-o", path("q.npz"), "--json"});
  EXPECT_EQ(json["nans"], 0);
}

TEST_F(Commands, WhatLosesNothingIsCalledExact) {
  save_npy(Tensor::of<float>({2, 2}, {0, 0, 0, 0}), path("zero.npy"));
  EXPECT_THAT(run_zeropoint({"quantize", path("zero.npy"), "-o", path("q.npz")}).out, HasSubstr(", exact, "));
  const std::string text = run_zeropoint({"explain", path("zero.npy"), "--compare"}).out;
  EXPECT_THAT(text, HasSubstr("(exact at "));
  EXPECT_THAT(text, Not(AnyOf(HasSubstr("nan"), HasSubstr("inf"))));
}

}  // namespace
}  // namespace zeropoint::testing
