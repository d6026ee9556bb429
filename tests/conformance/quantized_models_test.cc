#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "executor/program.h"
#include "frontends/onnx.h"
#include "support/assets.h"
#include "support/node_tests.h"
#include "zeropoint/error.h"

// Small quantized models of other tools: every reader must load them, and the executor must run them.
namespace zeropoint::conformance {
namespace {

constexpr const char* kArchive = "conformance/ort-quantized-testmodels.tar.zst";
constexpr std::size_t kModels = 58;
constexpr std::int64_t kSymbolicSize = 4;          // one size for every symbol makes all of them fit together
constexpr std::int64_t kLargestInput = 1'000'000;  // elements; larger ones only have to load

const std::filesystem::path kFolder =
    std::filesystem::path(ZEROPOINT_BINARY).parent_path() / "ort-quantized-testmodels";

std::vector<std::filesystem::path> model_files() {
  unpack(testing::assets() / kArchive, kFolder);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kFolder)) {
    if (entry.path().extension() == ".onnx") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

Shape shape_of(const ProgramValue& input) {
  Shape shape;
  for (const Dim& dim : input.shape) shape.push_back(dim.value >= 0 ? dim.value : kSymbolicSize);
  return shape;
}

bool is_large(const ProgramValue& input) { return element_count(shape_of(input)) > kLargestInput; }

/// The archive holds two models without the file that their weights are in.
bool lacks_its_weights(const std::filesystem::path& file) { return file.filename() == "conv_qdq_external_ini.onnx"; }

TEST(QuantizedModels, AllLoad) {
  ZEROPOINT_NEEDS_ASSET(kArchive);
  const auto files = model_files();
  EXPECT_EQ(files.size(), kModels);
  for (const auto& file : files) {
    SCOPED_TRACE(file.filename());
    if (!lacks_its_weights(file)) {
      EXPECT_NO_THROW(load_onnx(file));
      continue;
    }
    try {
      load_onnx(file);
      ADD_FAILURE() << "loaded without its weights";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("conv_qdq_external_ini.bin: cannot open external data"));
    }
  }
}

TEST(QuantizedModels, AllThatAreOfferedRun) {
  ZEROPOINT_NEEDS_ASSET(kArchive);
  for (const auto& file : model_files()) {
    if (lacks_its_weights(file)) continue;
    SCOPED_TRACE(file.filename());
    try {
      const Model model = load_onnx(file);
      if (!missing_operator(model).empty()) continue;
      Program program = Program::compile(model);
      if (std::ranges::any_of(program.inputs(), is_large)) continue;
      std::vector<Tensor> inputs;
      for (const ProgramValue& input : program.inputs()) inputs.push_back(Tensor::zeros(input.dtype, shape_of(input)));
      EXPECT_EQ(program.run(inputs).size(), program.outputs().size());
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
}

}  // namespace
}  // namespace zeropoint::conformance
