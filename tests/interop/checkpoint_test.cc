// Checkpoints as graphs against forward passes that were written independently, in NumPy: checkpoint_models.py.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "architectures/load_model.h"
#include "data/array_reader.h"
#include "executor/program.h"
#include "interop/python.h"
#include "support/assets.h"
#include "support/temp_folder.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using testing::assets;

double largest_difference(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.shape(), b.shape());
  double largest = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a.data<float>()[i]) - b.data<float>()[i]));
  }
  return largest;
}

TEST(CheckpointInterop, EveryArchitectureComputesWhatNumPyDoes) {
  ZEROPOINT_NEEDS_PYTHON("numpy");
  const testing::TempFolder folder;
  const testing::PythonResult made = testing::run_python({testing::script("checkpoint_models.py"), folder.path()});
  ASSERT_EQ(made.exit_code, 0) << made.output;
  int cases = 0;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    SCOPED_TRACE(entry.path().filename().string());
    Program program = Program::compile(load_model(entry.path()));
    const Tensor tokens = load_npy(entry.path() / "tokens.npy");
    EXPECT_LT(largest_difference(program.run({&tokens, 1})[0], load_npy(entry.path() / "expected.npy")), 1e-4);
    ++cases;
  }
  EXPECT_EQ(cases, 18);
}

TEST(CheckpointInterop, TheSameWeightsGiveTheLogitsOfTheOnnxModel) {
  ZEROPOINT_NEEDS_ASSET("models/stories260K/model.safetensors");
  Tensor tokens = Tensor::allocate(DType::i64, {1, 256});
  for (std::int64_t i = 0; i < tokens.size(); ++i) tokens.mutable_data<std::int64_t>()[i] = (i * i + 3 * i) % 512;
  Program reference = Program::compile(load_model(assets() / "models/stories260K_ctx256.onnx"));
  Program checkpoint = Program::compile(load_model(assets() / "models/stories260K"));
  EXPECT_LT(largest_difference(reference.run({&tokens, 1})[0], checkpoint.run({&tokens, 1})[0]), 1e-4);
}

}  // namespace
}  // namespace zeropoint
