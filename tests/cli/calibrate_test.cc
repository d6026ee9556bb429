// calibrate and merge as a user runs them: the statistics file does not depend on threads, shards join exactly.
#include <fstream>
#include <sstream>

#include "fixture.h"
#include "observers/statistics.h"

namespace zeropoint::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Calibrate : public CommandLine {
 protected:
  /// An .npz of `samples` rows that differ.
  std::string save_rows(const std::string& name, int first, int samples) const {
    std::vector<float> values;
    for (int i = first * 3; i < (first + samples) * 3; ++i) values.push_back(0.37F * static_cast<float>(i % 11) - 1.3F);
    const NamedTensor array[] = {{"x", Tensor::copy_of<float>({samples, 3}, values)}};
    save_npz(array, path(name));
    return path(name);
  }

  std::string calibrate(const std::string& data, const std::string& output,
                        const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"calibrate", path("net.onnx"), "--data", data, "-o", path(output)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult result = run_zeropoint(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }

  std::string text_of(const std::string& name) const {
    std::ifstream file(path(name));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
};

TEST_F(Calibrate, SaysWhatItSaw) {
  EXPECT_THAT(calibrate(path("x.npz"), "s.json"), HasSubstr("s.json: 3 tensors, 4 samples\n"));
  const Statistics seen = Statistics::load(path("s.json"));
  EXPECT_EQ(seen.samples, 4U);
  EXPECT_EQ(seen.tensors.at("h").slices().front().max, 6);
  EXPECT_EQ(seen.tensors.at("x").slices().front().samples, 4U);
}

TEST_F(Calibrate, TheFileIsTheSameForAnyNumberOfThreads) {
  calibrate(path("x.npz"), "one.json", {"--threads", "1"});
  calibrate(path("x.npz"), "three.json", {"--threads", "3"});
  EXPECT_EQ(text_of("one.json"), text_of("three.json"));
}

TEST_F(Calibrate, ShardsJoinToTheSameBytesInAnyOrder) {
  calibrate(save_rows("a.npz", 0, 5), "a.json");
  calibrate(save_rows("b.npz", 5, 1), "b.json");
  calibrate(save_rows("c.npz", 6, 9), "c.json");
  calibrate(save_rows("all.npz", 0, 15), "all.json");
  const auto merge = [&](const std::vector<std::string>& names, const std::string& output) {
    std::vector<std::string> arguments = {"merge", "-o", path(output)};
    for (const std::string& name : names) arguments.push_back(path(name));
    return run_zeropoint(arguments);
  };
  EXPECT_THAT(merge({"a.json", "b.json", "c.json"}, "abc.json").out,
              HasSubstr("abc.json: 3 tensors, 15 samples of 3 files\n"));
  EXPECT_EQ(merge({"c.json", "a.json"}, "ca.json").exit_code, 0);
  EXPECT_EQ(merge({"ca.json", "b.json"}, "cab.json").exit_code, 0);
  EXPECT_EQ(text_of("abc.json"), text_of("cab.json"));

  const SliceStatistics joined = Statistics::load(path("abc.json")).tensors.at("y").slices().front();
  SliceStatistics whole = Statistics::load(path("all.json")).tensors.at("y").slices().front();
  whole.moving_min = whole.moving_max = 0;  // lost in a merge
  whole.is_merged = true;
  EXPECT_EQ(joined, whole);
}

TEST_F(Calibrate, RefusesInOneLine) {
  const std::vector<std::string> net = {"calibrate", path("net.onnx"), "--data", path("x.npz"), "-o", path("s.json")};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = net;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  EXPECT_THAT(error_of(with({"--tensor", "nope*"}), 2), HasSubstr("--tensor: 'nope*' matches no tensor"));
  EXPECT_THAT(error_of(with({"--bins", "1000"}), 2), HasSubstr("--bins: 1000 is neither 0 nor a power of two"));
  EXPECT_THAT(error_of(with({"--axis", "5"}), 2), HasSubstr("there is no axis 5 in shape [1, 3]"));
  EXPECT_THAT(error_of({"merge", path("x.npz"), "-o", path("m.json")}, 1), HasSubstr("x.npz: is not JSON"));
  calibrate(path("x.npz"), "tensor.json");
  calibrate(path("x.npz"), "axis.json", {"--axis", "1"});
  EXPECT_THAT(error_of({"merge", path("tensor.json"), path("axis.json"), "-o", path("m.json")}, 1),
              AllOf(StartsWith("axis.json: tensor 'h': statistics with axis 1, "),
                    EndsWith(" no PyTorch histogram, those of tensor.json")));
  calibrate(path("x.npz"), "y.json", {"--tensor", "y"});
  EXPECT_EQ(error_of({"merge", path("y.json"), path("tensor.json"), "-o", path("m.json")}, 1),
            "tensor.json: has the tensor 'h', which y.json lacks: only statistics of one model join");
  EXPECT_EQ(error_of({"merge", path("tensor.json"), path("y.json"), "-o", path("m.json")}, 1),
            "tensor.json: has the tensor 'h', which y.json lacks: only statistics of one model join");
  EXPECT_THAT(files(), ElementsAre("axis.json", "net.onnx", "tensor.json", "x.npz", "y.json"));
}

TEST_F(Calibrate, AFileThatIsJoinedTwiceIsNamed) {
  calibrate(path("x.npz"), "a.json");
  calibrate(path("x.npz"), "b.json");
  const std::string a = path("a.json");
  EXPECT_EQ(run_zeropoint({"merge", a, path("b.json"), "-o", path("m.json")}).err, "");
  EXPECT_EQ(run_zeropoint({"merge", a, path("./a.json"), "-o", path("m.json")}).err,
            "zeropoint: warning: " + path("./a.json") + ": is given more than once: its samples count each time\n");
}

TEST_F(Calibrate, ThePyTorchHistogramIsRecordedOnDemand) {
  calibrate(path("x.npz"), "s.json");
  EXPECT_THAT(error_of({"quantize",
                        save_model("product.onnx",
                                   "g (float32[N, 3] x) => (float32[N, 1] y)\n"
                                   "<float32[3, 1] w = {1, 2, 3}> { [\"product\"] y = MatMul(x, w) }"),
                        "--statistics", path("s.json"), "--observer", "torch_histogram", "-o", path("q.onnx")},
                       1),
              EndsWith("the statistics hold no PyTorch histogram; calibrate with --torch-histogram"));
}

TEST_F(Calibrate, NamesTheTensorThatIsNotFinite) {
  const NamedTensor array[] = {{"x", Tensor::of<float>({2, 3}, {1, 2, 3, 1, 3e38F, 1})}};  // doubled: infinite
  save_npz(array, path("huge.npz"));
  EXPECT_EQ(error_of({"calibrate", path("net.onnx"), "--data", path("huge.npz"), "-o", path("s.json")}, 1),
            "net.onnx: tensor 'h': sample 1: 0 NaN and 1 infinite values of 3 (the first at element 1); a range cannot "
            "be chosen "
            "from them");
}

}  // namespace
}  // namespace zeropoint::testing
