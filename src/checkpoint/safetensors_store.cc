#include "checkpoint/safetensors_store.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/fail.h"
#include "checkpoint/json_file.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

class SafetensorsStore final : public TensorStore {
 public:
  explicit SafetensorsStore(std::vector<SafetensorsFile> files) : files_(std::move(files)) {
    for (const SafetensorsFile& file : files_) {
      for (const SafetensorsEntry& entry : file.tensors()) {
        const auto [known, is_new] = places_.try_emplace(entry.name, Place{&file, &entry, tensors_.size()});
        if (!is_new) {
          fail(ErrorKind::invalid_model, file.where(), "tensor '{}' is in {} too", entry.name,
               known->second.file->where());
        }
        tensors_.push_back({.name = entry.name,
                            .dtype = entry.dtype,
                            .shape = entry.shape,
                            .encoding = "",
                            .bytes = entry.end - entry.begin});
      }
    }
  }

  std::span<const StoredTensor> tensors() const override { return tensors_; }

  const StoredTensor* find(std::string_view name) const override {
    const auto at = places_.find(name);
    return at == places_.end() ? nullptr : &tensors_[at->second.index];
  }

  Tensor read(const StoredTensor& tensor) const override {
    const Place& place = place_of(tensor);
    return place.file->read(*place.entry);
  }

  void release(const StoredTensor& tensor) const override {
    const Place& place = place_of(tensor);
    place.file->release(*place.entry);
  }

 private:
  struct Place {
    const SafetensorsFile* file;
    const SafetensorsEntry* entry;
    std::size_t index;
  };

  const Place& place_of(const StoredTensor& tensor) const {
    const auto at = places_.find(tensor.name);
    if (at == places_.end()) fail(ErrorKind::internal, tensor.name, "is no tensor of this store");
    return at->second;
  }

  std::vector<SafetensorsFile> files_;
  std::vector<StoredTensor> tensors_;
  std::unordered_map<std::string_view, Place> places_;  // keys are the entries' names
};

// Tensor to shard, in the order of the shards' names.
std::map<std::string, std::string> read_weight_map(const fs::path& index) {
  const nlohmann::json document = read_json(index);
  const auto at = document.find("weight_map");
  if (at == document.end() || !at->is_object()) {
    fail(ErrorKind::invalid_model, index.string(), "holds no object 'weight_map'");
  }
  std::map<std::string, std::string> weight_map;
  for (const auto& [tensor, shard] : at->items()) {
    if (!shard.is_string()) fail(ErrorKind::invalid_model, index.string(), "tensor '{}': no file's name", tensor);
    auto file = shard.get<std::string>();
    if (file.empty() || file == ".." || file.find('/') != std::string::npos || file.find('\0') != std::string::npos) {
      fail(ErrorKind::invalid_model, index.string(), "tensor '{}': '{}' is not the name of a file beside the index",
           tensor, file);
    }
    weight_map.emplace(tensor, std::move(file));
  }
  if (weight_map.empty()) fail(ErrorKind::invalid_model, index.string(), "lists no tensors");
  return weight_map;
}

}  // namespace

std::unique_ptr<TensorStore> make_safetensors_store(std::vector<SafetensorsFile> files) {
  return std::make_unique<SafetensorsStore>(std::move(files));
}

std::unique_ptr<TensorStore> open_safetensors_shards(const fs::path& index) {
  const std::map<std::string, std::string> weight_map = read_weight_map(index);
  std::map<std::string, std::vector<std::string>> listed;  // shard to its tensors
  for (const auto& [tensor, shard] : weight_map) listed[shard].push_back(tensor);

  std::vector<SafetensorsFile> files;
  for (const auto& [shard, tensors] : listed) {
    const fs::path path = index.parent_path() / shard;
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
      fail(ErrorKind::io, path.string(), "is missing: {} lists it with {} tensors", index.filename().string(),
           tensors.size());
    }
    files.push_back(SafetensorsFile::open(path));
    for (const SafetensorsEntry& entry : files.back().tensors()) {
      const auto at = weight_map.find(entry.name);
      if (at == weight_map.end()) {
        fail(ErrorKind::invalid_model, path.string(), "tensor '{}' is not listed in {}", entry.name,
             index.filename().string());
      }
      if (at->second != shard) {
        fail(ErrorKind::invalid_model, path.string(), "tensor '{}': {} says that it is in {}", entry.name,
             index.filename().string(), at->second);
      }
    }
  }
  auto store = make_safetensors_store(std::move(files));
  for (const auto& [tensor, shard] : weight_map) {
    if (store->find(tensor) == nullptr) {
      fail(ErrorKind::invalid_model, (index.parent_path() / shard).string(), "tensor '{}' is missing: {} lists it here",
           tensor, index.filename().string());
    }
  }
  return store;
}

}  // namespace zeropoint
