// What we write is loaded by ONNX Runtime and means the same there. Needs Python with onnxruntime:
// the interpreter is ZEROPOINT_PYTHON, or python3.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "data/array_reader.h"
#include "data/npz_writer.h"
#include "support/assets.h"
#include "support/temp_folder.h"
#include "zeropoint/zeropoint.h"

namespace zeropoint {
namespace {

using testing::assets;
using testing::TempFolder;

bool run_python(const std::string& arguments) {
  const char* python = std::getenv("ZEROPOINT_PYTHON");
  const std::string command = std::string(python != nullptr ? python : "python3") + " " + ZEROPOINT_SOURCE_DIR +
                              "/tests/interop/run_onnxruntime.py " + arguments;
  return std::system(command.c_str()) == 0;
}

bool has_onnxruntime() {
  static const bool found = run_python("--version > /dev/null 2>&1");
  return found;
}

/// Signal over difference in dB.
double agreement_db(const Tensor& a, const Tensor& b) {
  double signal = 0;
  double noise = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    signal += std::pow(a.data<float>()[i], 2.0);
    noise += std::pow(static_cast<double>(a.data<float>()[i]) - b.data<float>()[i], 2.0);
  }
  return noise > 0 ? 10 * std::log10(signal / noise) : 200;
}

struct Case {
  const char* name;
  const char* model;
  const char* data;
  const char* preprocess;
  std::int64_t samples;
  double db;  // lowest agreement: sums are rounded in another order there, so that single codes differ by one
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.model; }

class OnnxRuntime : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    ZEROPOINT_NEEDS_ASSET(GetParam().model);
    if (!has_onnxruntime()) GTEST_SKIP() << "skipped: no Python with onnxruntime (set ZEROPOINT_PYTHON)";
  }

  static void expect_same_numbers(const PlanOptions& options) {
    const Case& c = GetParam();
    const TempFolder folder;
    const std::string int8 = folder / "int8.onnx";
    const DataSource data{.path = (assets() / c.data).string(), .preprocess = c.preprocess, .limit = c.samples};
    quantize_model(assets() / c.model, int8, {.data = data, .options = options});

    const Network network = Network::load(int8);
    const auto inputs = *open_data(network, data)();
    const std::vector<Tensor> ours = network.run(inputs);
    save_npy(inputs[0], folder / "input.npy");
    ASSERT_TRUE(run_python(int8 + " " + (folder / "input.npy") + " " + (folder / "output")));
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const Tensor theirs = load_npy(folder / ("output" + std::to_string(i) + ".npy"));
      ASSERT_EQ(theirs.shape(), ours[i].shape());
      EXPECT_GT(agreement_db(theirs, ours[i]), c.db) << network.outputs()[i].name;
    }
  }
};

TEST_P(OnnxRuntime, ComputesTheSameFromQdq) { expect_same_numbers({.observer = "minmax"}); }

TEST_P(OnnxRuntime, ComputesTheSameFromSymmetricInt8) {
  expect_same_numbers({.activations = DType::i8, .symmetric_activations = true, .observer = "minmax"});
}

TEST_P(OnnxRuntime, ComputesTheSameFromOperatorsOnCodes) {
  expect_same_numbers({.format = "qoperator", .observer = "minmax"});
}

INSTANTIATE_TEST_SUITE_P(
    Networks, OnnxRuntime,
    ::testing::Values(Case{"resnet20", "models/resnet20_cifar10.onnx", "data/cifar10_calibration.npz",
                           "imagenet-normalize", 4, 25},
                      Case{"mnist", "models/mnist-8.onnx", "data/mnist_calibration.npz", "", 8, 35},
                      Case{"brackets", "models/brackets_transformer.onnx", "data/brackets_calibration.npz", "", 8, 35}),
    [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace zeropoint
