// Writes a checkpoint's tensors as safetensors files, a tensor or a piece at a time, in any order.
//
// Every tensor is announced first; then the files have their final size and their headers, and elements go straight to
// their places: nothing is buffered. Write into the folder of an OutputFolder, so that the files appear together.
// Thread safety: write() may run on several threads for pieces that do not overlap.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/placed_file.h"
#include "exporters/safetensors_layout.h"

namespace zeropoint {

class SafetensorsWriter {
 public:
  struct Options {
    std::uint64_t max_shard_bytes = 5'000'000'000;  // of elements in one file
  };

  /// Creates the files in `folder`. Throws io (a full disk) and unsupported (a type that the format cannot hold).
  SafetensorsWriter(const std::filesystem::path& folder, std::vector<TensorSpec> tensors, Options options);

  std::span<const TensorSpec> tensors() const { return tensors_; }
  std::uint64_t bytes() const;  ///< of all files

  /// A whole tensor, which has the announced type and shape.
  void write(std::string_view name, const Tensor& tensor);

  /// Bytes of a tensor from `offset` on.
  void write(std::string_view name, std::uint64_t offset, std::span<const std::byte> bytes);

  /// Writes the index of shards, where there are several. Throws internal when elements are missing.
  void finish();

 private:
  struct Place {
    std::size_t tensor;
    PlacedFile* file;
    std::uint64_t offset;
    std::uint64_t bytes;
    std::atomic<std::uint64_t> written{0};
  };
  Place& place(std::string_view name);

  std::filesystem::path folder_;
  std::vector<TensorSpec> tensors_;
  std::vector<SafetensorsShard> shards_;
  std::vector<std::unique_ptr<PlacedFile>> files_;
  std::unordered_map<std::string_view, Place> places_;  // keys are the names in tensors_
};

}  // namespace zeropoint
