// A language model's checkpoint: a folder with config.json and safetensors (one file or shards), or one GGUF file.
//
// Thread safety: read-only after open_checkpoint().
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "checkpoint/tensor_store.h"

namespace zeropoint {

struct Checkpoint {
  std::filesystem::path path;     // as given: the folder or the file
  nlohmann::ordered_json config;  // config.json; for GGUF the same keys, made from its metadata
  std::unique_ptr<TensorStore> weights;
};

/// config.json's "model_type", empty where it has none. Throws invalid_data where it is no text.
std::string model_type_of(const Checkpoint& checkpoint);

/// Whether open_checkpoint() is the reader for `path`: a folder, a .gguf or a .safetensors file.
bool is_checkpoint(const std::filesystem::path& path);

/// Reads headers only. A .safetensors file alone takes the config.json beside it, where there is one.
/// Throws io and invalid_model naming file and field: missing shards, an index that disagrees with them, overlapping or
/// truncated tensors, an unknown quant_method.
Checkpoint open_checkpoint(const std::filesystem::path& path);

}  // namespace zeropoint
