// Whatever a command reads, it does not write over: refused before any work, and nothing has changed then.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "cli/cli.h"
#include "fixture.h"

namespace zeropoint::testing {
namespace {

using cli::kExitUsage;

class Overwrite : public CommandLine {
 protected:
  Overwrite() {
    save_npy(Tensor::of<float>({4}, {0, 1, 2, 3}), path("x.npy"));
    folder_.write("a.json", "{}");
    folder_.write("b.json", "{}");
  }

  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> all;
    for (const std::string& name : files()) {
      std::ifstream file(path(name), std::ios::binary);
      all[name] = {std::istreambuf_iterator<char>(file), {}};
    }
    return all;
  }

  /// The refusal of a command whose words that start with '@' are files of the folder.
  std::string refusal(std::vector<std::string> arguments) const {
    for (std::string& word : arguments) {
      if (word.starts_with('@')) word = path(word.substr(1));
    }
    const auto before = contents();
    std::string text = error_of(arguments, kExitUsage);
    EXPECT_EQ(contents(), before);
    return text;
  }
};

TEST_F(Overwrite, NoCommandWritesOverWhatItReads) {
  constexpr const char* kEnd = "; it is never overwritten";
  EXPECT_EQ(refusal({"quantize", "@net.onnx", "--data", "@x.npz", "-o", "@net.onnx"}),
            std::string("--output: 'net.onnx' is the input") + kEnd);
  EXPECT_EQ(refusal({"quantize", "@net.onnx", "--data", "@x.npz", "-o", "@x.npz"}),
            std::string("--output: 'x.npz' is what --data reads") + kEnd);
  EXPECT_EQ(refusal({"quantize", "@net.onnx", "--data", "@x.npz", "-o", "@q.onnx", "--save-plan", "@net.onnx"}),
            std::string("--save-plan: 'net.onnx' is the input") + kEnd);
  EXPECT_EQ(refusal({"quantize", "@net.onnx", "--plan", "@a.json", "-o", "@a.json"}),
            std::string("--output: 'a.json' is what --plan reads") + kEnd);
  EXPECT_EQ(refusal({"quantize", "@net.onnx", "--statistics", "@a.json", "--save-plan", "@a.json", "-o", "@q.onnx"}),
            std::string("--save-plan: 'a.json' is what --statistics reads") + kEnd);
  EXPECT_EQ(refusal({"quantize", "@net.onnx", "--method", "gptq", "--data", "@x.npz", "-o", "@x.npz"}),
            std::string("--output: 'x.npz' is what --data reads") + kEnd);
  EXPECT_EQ(refusal({"quantize", "@x.npy", "-o", "@x.npy"}), std::string("--output: 'x.npy' is the input") + kEnd);
  EXPECT_EQ(refusal({"dequantize", "@x.npz", "-o", "@x.npz"}), std::string("--output: 'x.npz' is the input") + kEnd);
  EXPECT_EQ(refusal({"merge", "@a.json", "@b.json", "-o", "@b.json"}),
            std::string("--output: 'b.json' is the input") + kEnd);
  EXPECT_EQ(refusal({"explain", "@x.npy", "--svg", "@x.npy"}), std::string("--svg: 'x.npy' is the input") + kEnd);
  EXPECT_EQ(refusal({"calibrate", "@net.onnx", "--data", "@x.npz", "-o", "@x.npz"}),
            std::string("--output: 'x.npz' is what --data reads") + kEnd);
  EXPECT_EQ(refusal({"run", "@net.onnx", "--data", "@x.npz", "-o", "@net.onnx"}),
            std::string("--output: 'net.onnx' is the input") + kEnd);
}

TEST_F(Overwrite, TwoResultsDoNotShareAFile) {
  EXPECT_EQ(refusal({"quantize", "@net.onnx", "--data", "@x.npz", "-o", "@q", "--save-plan", "@q"}),
            "--save-plan: 'q' is where --output goes too");
}

TEST_F(Overwrite, FilesOfAnotherKindAreNotReplaced) {
  for (const char* name : {"plan.json", "data.npz", "net.onnx", "precious.jpg"}) {
    folder_.write(name, "precious");
    EXPECT_EQ(refusal({"explain", "--min", "-1", "--max", "1", "--svg", std::string("@") + name}),
              fmt::format("--svg: '{}' ends in {}: what is written is an SVG picture", name,
                          std::string_view(name).substr(std::string_view(name).find('.'))));
  }
  EXPECT_EQ(refusal({"quantize", "@net.onnx", "--data", "random", "-o", "@precious.jpg"}),
            "--output: 'precious.jpg' ends in .jpg: what is written is an ONNX model");
  EXPECT_EQ(run_zeropoint({"explain", "--min", "-1", "--max", "1", "--svg", path("stairs")}).exit_code, 0);
  EXPECT_EQ(run_zeropoint({"explain", "--min", "-1", "--max", "1", "--svg", path("stairs.svg")}).exit_code, 0);
}

TEST_F(Overwrite, LinksToTheInputAreSeenThrough) {
  std::filesystem::create_symlink("net.onnx", path("link.onnx"));
  EXPECT_EQ(refusal({"quantize", "@net.onnx", "--data", "@x.npz", "-o", "@link.onnx"}),
            "--output: 'link.onnx' is the input; it is never overwritten");
}

TEST_F(Overwrite, TheWeightsBesideAModelBelongToIt) {
  std::string numbers = "0";
  for (int i = 1; i < 300; ++i) numbers += ", " + std::to_string(i);
  const Model model = model_of("g (float32[N, 3] x) => (float32[N, 100] y)\n<float32[3, 100] w = {" + numbers +
                               "}> { y = MatMul(x, w) }");
  save_onnx(model, path("q.onnx"), {.max_model_bytes = 500});
  std::filesystem::rename(path("q.onnx"), path("m.onnx"));  // its weights stay in q.onnx.data
  const std::string weights = "is a file of the weights of 'm.onnx'; it is never overwritten";
  EXPECT_EQ(refusal({"run", "@m.onnx", "--data", "@x.npz", "-o", "@q.onnx.data"}),
            "--output: 'q.onnx.data' " + weights);
  EXPECT_EQ(refusal({"quantize", "@m.onnx", "--data", "@x.npz", "-o", "@q.onnx"}),
            "--output: 'q.onnx.data' " + weights);
}

}  // namespace
}  // namespace zeropoint::testing
