// What the onnx and onnxruntime Python packages say about the models that zeropoint writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <iostream>

#include "exporters/onnx.h"
#include "frontends/onnx.h"
#include "interop/python.h"
#include "passes/passes.h"
#include "support/assets.h"
#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

/// All models below `folder`, except those whose external data is not there.
std::vector<fs::path> models_below(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const bool is_incomplete = entry.path().stem() == "conv_qdq_external_ini";
    if (entry.path().extension() == ".onnx" && !is_incomplete) found.push_back(entry.path());
  }
  return found;
}

void unpack_models(const fs::path& archive, const fs::path& folder) {
  fs::create_directories(folder);
  const std::string command = fmt::format("tar --use-compress-program=zstd -xf '{}' -C '{}' --wildcards '*.onnx'",
                                          archive.string(), folder.string());
  ASSERT_EQ(std::system(command.c_str()), 0);
}

TEST(OnnxInterop, LoadedAndSavedModelsAreEqualNodeByNode) {
  ZEROPOINT_NEEDS_ASSET("conformance/onnx-node-tests.tar.zst");
  ZEROPOINT_NEEDS_PYTHON("onnx");
  const testing::TempFolder folder;
  unpack_models(testing::assets() / "conformance/onnx-node-tests.tar.zst", folder.path() / "nodes");
  unpack_models(testing::assets() / "conformance/ort-quantized-testmodels.tar.zst", folder.path() / "quantized");
  std::vector<fs::path> originals = models_below(testing::assets() / "models");
  for (const char* name : {"nodes", "quantized"}) {
    for (const fs::path& path : models_below(folder.path() / name)) originals.push_back(path);
  }
  std::string list;
  for (std::size_t i = 0; i < originals.size(); ++i) {
    const std::string copy = folder / fmt::format("copy{}.onnx", i);
    save_onnx(load_onnx(originals[i]), copy);
    list += originals[i].string() + "\t" + copy + "\n";
  }
  const testing::PythonResult result =
      testing::run_python({testing::script("equal_models.py"), folder.write("list", list)});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  std::cout << result.output;
}

TEST(OnnxInterop, UpgradedModelsComputeTheSame) {
  ZEROPOINT_NEEDS_ASSET("models");
  ZEROPOINT_NEEDS_PYTHON("onnx, onnxruntime");
  const testing::TempFolder folder;
  std::vector<std::string> write = {testing::script("old_models.py"), "write", folder.path().string()};
  for (const char* name : {"squeezenet1.1", "mnist-8", "super_resolution", "ultraface_rfb_320", "resnet20_cifar10",
                           "magika_v3_3", "dscnn_kws"}) {
    write.push_back((testing::assets() / "models" / (std::string(name) + ".onnx")).string());
  }
  const testing::PythonResult written = testing::run_python(write);
  ASSERT_EQ(written.exit_code, 0) << written.output;
  const std::vector<fs::path> originals = models_below(folder.path());
  for (const std::int64_t opset : {13, 18, 21}) {
    const fs::path upgraded = folder.path() / std::to_string(opset);
    fs::create_directories(upgraded);
    for (const fs::path& path : originals) {
      Model model = load_onnx(path);
      if (model.opset() >= opset) continue;
      ASSERT_NO_THROW(upgrade_opset(model, opset)) << path;
      save_onnx(model, upgraded / path.filename());
    }
  }
  const testing::PythonResult checked =
      testing::run_python({testing::script("old_models.py"), "check", folder.path().string()});
  EXPECT_EQ(checked.exit_code, 0) << checked.output;
  std::cout << checked.output;
}

}  // namespace
}  // namespace zeropoint
