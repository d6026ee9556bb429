#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "executor/program.h"
#include "frontends/onnx.h"
#include "interop/python.h"
#include "support/assets.h"
#include "support/temp_folder.h"

// The executor against ONNX Runtime on whole networks.
namespace zeropoint {
namespace {

namespace fs = std::filesystem;

/// Largest difference between two float tensors, as a part of the largest magnitude expected.
double relative_difference(const Tensor& actual, const Tensor& expected) {
  double largest = 0;
  double difference = 0;
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    const double b = expected.data<float>()[i];
    largest = std::max(largest, std::abs(b));
    difference = std::max(difference, std::abs(actual.data<float>()[i] - b));
  }
  return largest == 0 ? difference : difference / largest;
}

TEST(OrtInterop, NetworksGiveTheSameOutputs) {
  ZEROPOINT_NEEDS_ASSET("models");
  ZEROPOINT_NEEDS_PYTHON("onnx, onnxruntime");
  constexpr double kFloatTolerance = 1e-5;  // sums of thousands of products in another order
  const testing::TempFolder folder;
  std::vector<std::string> arguments = {testing::script("ort_models.py"), folder.path().string()};
  std::vector<fs::path> models;
  for (const auto& entry : fs::directory_iterator(testing::assets() / "models")) {
    const std::string stem = entry.path().stem().string();
    const bool is_offered = !stem.starts_with("negative") && stem.find("qoperator") == std::string::npos;
    if (entry.path().extension() == ".onnx" && is_offered) models.push_back(entry.path());
  }
  for (const fs::path& model : models) arguments.push_back(model.string());
  const testing::PythonResult result = testing::run_python(arguments);
  ASSERT_EQ(result.exit_code, 0) << result.output;
  for (const fs::path& model : models) {
    SCOPED_TRACE(model.filename());
    const fs::path data = folder.path() / model.stem() / "test_data_set_0";
    Program program = Program::compile(load_onnx(model));
    std::vector<Tensor> inputs;
    for (std::size_t i = 0; i < program.inputs().size(); ++i) {
      inputs.push_back(load_tensor_proto(data / fmt::format("input_{}.pb", i)));
    }
    const std::vector<Tensor> outputs = program.run(inputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const Tensor expected = load_tensor_proto(data / fmt::format("output_{}.pb", i));
      ASSERT_EQ(outputs[i].shape(), expected.shape());
      EXPECT_LT(relative_difference(outputs[i], expected), kFloatTolerance) << "output " << i;
    }
  }
}

}  // namespace
}  // namespace zeropoint
