// Where every tensor of a safetensors checkpoint will lie, decided before the first element is written.
//
// Tensors go to shards in the order given; within a file they lie as the safetensors library puts them: wider types
// first, then by name.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "zeropoint/tensor.h"

namespace zeropoint {

struct TensorSpec {
  std::string name;
  DType dtype = DType::undefined;
  Shape shape;
};

std::uint64_t storage_bytes(const TensorSpec& spec);

struct SafetensorsShard {
  struct Place {
    std::size_t tensor = 0;    // among the specs
    std::uint64_t offset = 0;  // in the file
  };
  std::string file;
  std::string header;         // length, JSON and padding: the file's first bytes
  std::vector<Place> places;  // in the file's order
  std::uint64_t bytes = 0;    // of the whole file
};

/// "model.safetensors", or "model-00001-of-00003.safetensors" and so on, each with at most `max_shard_bytes` of
/// elements, except for a single tensor that is larger. Throws unsupported for a type that the format cannot hold,
/// internal for a name given twice.
std::vector<SafetensorsShard> lay_out_safetensors(std::span<const TensorSpec> specs, std::uint64_t max_shard_bytes);

/// The text of model.safetensors.index.json.
std::string safetensors_index(std::span<const TensorSpec> specs, std::span<const SafetensorsShard> shards);

}  // namespace zeropoint
