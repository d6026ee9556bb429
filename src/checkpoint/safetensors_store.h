// The tensors of safetensors files as they are stored: one file, or shards with an index.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "checkpoint/tensor_store.h"
#include "frontends/safetensors.h"

namespace zeropoint {

/// Two files with a tensor of one name are refused.
std::unique_ptr<TensorStore> make_safetensors_store(std::vector<SafetensorsFile> files);

/// The shards that an index file ("model.safetensors.index.json") names, all in its folder. Throws io and invalid_model
/// naming the shard and the tensor where the index and the shards do not say the same.
std::unique_ptr<TensorStore> open_safetensors_shards(const std::filesystem::path& index);

}  // namespace zeropoint
