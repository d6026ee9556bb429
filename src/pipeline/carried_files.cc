#include "pipeline/carried_files.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "base/atomic_file.h"
#include "base/fail.h"
#include "base/glob.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLeftOut[] = {"config.json",   "quantize_config.json",
                                         "*.safetensors", "*.index.json",
                                         "*.gguf",        "pytorch_model*.bin",
                                         "*.pt",          "*.pth",
                                         "*.h5",          "*.msgpack",
                                         "*.onnx",        "*.onnx_data",
                                         "*.ot",          "*.tmp"};

bool is_left_out(const std::string& name) {
  return std::ranges::any_of(kLeftOut, [&](std::string_view pattern) { return glob_match(pattern, name); });
}

}  // namespace

std::vector<fs::path> carried_files(const Checkpoint& checkpoint) {
  fs::path folder = checkpoint.path;
  if (!fs::is_directory(folder)) {
    if (folder.extension() != ".safetensors") return {};
    folder = fs::absolute(folder).parent_path();
    if (!fs::exists(folder / "config.json")) return {};
  }
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file() && !is_left_out(entry.path().filename().string())) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

void write_companions(const Checkpoint& checkpoint, const nlohmann::ordered_json& quantization,
                      const fs::path& folder) {
  for (const fs::path& file : carried_files(checkpoint)) {
    std::error_code error;
    fs::copy_file(file, folder / file.filename(), error);
    if (error) fail(ErrorKind::io, file.string(), "cannot copy: {}", error.message());
  }
  nlohmann::ordered_json config = checkpoint.config;
  config["quantization_config"] = quantization;
  write_file_atomically(folder / "config.json", config.dump(2) + "\n");
  if (quantization.value("quant_method", "") == "gptq") {
    write_file_atomically(folder / "quantize_config.json", quantization.dump(2) + "\n");
  }
}

}  // namespace zeropoint
