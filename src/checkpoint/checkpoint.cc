#include "checkpoint/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "base/fail.h"
#include "checkpoint/config.h"
#include "checkpoint/gguf_config.h"
#include "checkpoint/gguf_store.h"
#include "checkpoint/json_file.h"
#include "checkpoint/safetensors_store.h"
#include "formats/decoded_store.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kConfig = "config.json";
constexpr std::string_view kSingle = "model.safetensors";
constexpr std::string_view kIndex = "model.safetensors.index.json";

std::vector<fs::path> files_ending(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> found;
  std::error_code unreadable;  // as empty
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, unreadable)) {
    if (entry.path().extension() == extension) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

std::unique_ptr<TensorStore> single_file(const fs::path& path) {
  std::vector<SafetensorsFile> files;
  files.push_back(SafetensorsFile::open(path));
  return make_safetensors_store(std::move(files));
}

// Transformers' order: the one file, then the index.
std::unique_ptr<TensorStore> open_weights(const fs::path& folder) {
  if (fs::exists(folder / kSingle)) return single_file(folder / kSingle);
  if (fs::exists(folder / kIndex)) return open_safetensors_shards(folder / kIndex);
  const std::vector<fs::path> found = files_ending(folder, ".safetensors");
  if (found.size() == 1) return single_file(found.front());
  if (!found.empty()) {
    fail(ErrorKind::invalid_model, folder.string(), "holds {} safetensors files ({} ...) and no {}", found.size(),
         found.front().filename().string(), kIndex);
  }
  if (!files_ending(folder, ".bin").empty() || !files_ending(folder, ".pt").empty()) {
    fail(ErrorKind::unsupported, folder.string(),
         "holds pickled weights, which may run any code when they are opened; convert them to safetensors");
  }
  fail(ErrorKind::invalid_model, folder.string(), "holds no safetensors file");
}

Checkpoint open_folder(const fs::path& folder) {
  if (!fs::exists(folder / kConfig)) {
    const std::vector<fs::path> gguf = files_ending(folder, ".gguf");
    if (!gguf.empty()) {
      fail(ErrorKind::invalid_option, folder.string(), "holds no {}; give the GGUF file itself: {}", kConfig,
           gguf.front().string());
    }
    fail(ErrorKind::invalid_model, folder.string(), "is no checkpoint: it holds no {}", kConfig);
  }
  Checkpoint checkpoint{.path = folder, .config = read_ordered_json(folder / kConfig)};
  checkpoint.weights = decode_store(open_weights(folder), checkpoint.config, folder.string());
  return checkpoint;
}

Checkpoint open_safetensors_file(const fs::path& path) {
  const fs::path config = path.parent_path() / kConfig;
  Checkpoint checkpoint{.path = path,
                        .config = fs::exists(config) ? read_ordered_json(config) : nlohmann::ordered_json::object()};
  checkpoint.weights = decode_store(single_file(path), checkpoint.config, path.string());
  return checkpoint;
}

Checkpoint open_gguf(const fs::path& path) {
  GgufFile file = GgufFile::open(path);
  Checkpoint checkpoint{.path = path, .config = config_of(file), .weights = nullptr};
  checkpoint.weights = make_gguf_store(std::move(file), checkpoint.config);
  return checkpoint;
}

enum class Kind { folder, safetensors, gguf, other };

/// What the first bytes of a file say; where they say nothing, its name.
Kind kind_of(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return Kind::folder;
  if (fs::is_regular_file(path, ignored)) {
    std::array<char, sizeof(std::uint64_t) + 1> begin{};
    std::ifstream(path, std::ios::binary).read(begin.data(), begin.size());
    if (std::string_view(begin.data(), begin.size()).starts_with("GGUF")) return Kind::gguf;
    std::uint64_t header = 0;  // of safetensors: the bytes of the JSON object behind it
    std::memcpy(&header, begin.data(), sizeof(header));
    if (begin.back() == '{' && header < fs::file_size(path, ignored)) return Kind::safetensors;
  }
  if (path.extension() == ".safetensors") return Kind::safetensors;
  return path.extension() == ".gguf" ? Kind::gguf : Kind::other;
}

}  // namespace

std::string model_type_of(const Checkpoint& checkpoint) {
  return Config(checkpoint.config, checkpoint.path.string()).text("model_type", "");
}

bool is_checkpoint(const fs::path& path) { return kind_of(path) != Kind::other; }

Checkpoint open_checkpoint(const fs::path& path) {
  switch (kind_of(path)) {
    case Kind::folder:
      return open_folder(path);
    case Kind::safetensors:
      return open_safetensors_file(path);
    case Kind::gguf:
      return open_gguf(path);
    case Kind::other:
      break;
  }
  fail(ErrorKind::invalid_option, path.string(),
       "is no checkpoint: a folder with {}, a .safetensors or a .gguf file is wanted", kConfig);
}

}  // namespace zeropoint
