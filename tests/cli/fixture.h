// A folder with a small model and data for it, and assertions about how the program ends.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "data/npz_writer.h"
#include "exporters/onnx.h"
#include "graph/text.h"
#include "process.h"
#include "support/model_text.h"
#include "support/temp_folder.h"

namespace zeropoint::testing {

class CommandLine : public ::testing::Test {
 protected:
  /// net.onnx doubles and clips [N, 3]; x.npz has four samples and their labels.
  CommandLine() {
    save_model("net.onnx",
               "g (float32[N, 3] x) => (float32[N, 3] y)\n"
               "<float32[] two = {2}> { [\"double\"] h = Mul(x, two) [\"clip\"] y = Relu(h) }");
    const NamedTensor arrays[] = {{"x", Tensor::of<float>({4, 3}, {1, 2, 3, 3, 2, 1, 0, 0, 1, 1, 0, 0})},
                                  {"label", Tensor::of<std::int64_t>({4}, {2, 0, 1, 0})}};
    save_npz(arrays, path("x.npz"));
  }

  std::string path(std::string_view name) const { return folder_ / name; }
  std::string save_model(std::string_view name, std::string_view text) const {
    save_onnx(model_of(text), path(name));
    return path(name);
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  /// The only line on stderr without "zeropoint: error: " and the folder's name; a failure when there is more.
  std::string error_of(const std::vector<std::string>& arguments, int exit_code,
                       const ProcessOptions& options = {}) const {
    const ProcessResult result = run_zeropoint(arguments, options);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_EQ(result.out, "");
    constexpr std::string_view kStart = "zeropoint: error: ";
    EXPECT_TRUE(result.err.starts_with(kStart)) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    std::string text = result.err.substr(std::min(kStart.size(), result.err.size()));
    if (text.ends_with('\n')) text.pop_back();
    const std::string folder = folder_.path().string() + "/";
    for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder))
      text.erase(at, folder.size());
    return text;
  }

  TempFolder folder_;
};

}  // namespace zeropoint::testing
