// One GGUF file (version 2 or 3, little-endian): metadata, then tensors in ggml's formats, which are read in place.
//
// The bytes are taken as hostile: counts are checked against the bytes that are there, keys and names come once,
// tensors lie within the file at aligned places and do not overlap.
// Thread safety: read-only after construction.
// Source: GGUF specification (ggml/docs/gguf.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "frontends/gguf_field.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

constexpr std::uint64_t kGgufDefaultAlignment = 32;

/// What is known of a tensor type of ggml, also of those that kernels/ggml does not decode.
struct GgufTensorType {
  std::uint32_t number;
  std::string_view name;
  std::int64_t block_size;  // values
  std::size_t block_bytes;
};

/// nullptr for a number that names no type.
const GgufTensorType* find_gguf_tensor_type(std::uint32_t number);

struct GgufTensor {
  std::string name;  // as the file calls it: "blk.0.attn_q.weight"
  const GgufTensorType* type = nullptr;
  Shape shape;               // outermost first, as everywhere here; the file has it the other way round
  std::uint64_t offset = 0;  // from the start of the data area
  std::uint64_t bytes = 0;
};

class GgufFile {
 public:
  /// Maps the file and reads its header. Throws io, invalid_model or unsupported naming file and key or tensor.
  static GgufFile open(const std::filesystem::path& path);

  /// The same over bytes that `owner` keeps alive.
  GgufFile(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, std::string where);

  const std::string& where() const { return where_; }
  std::uint32_t version() const { return version_; }
  std::span<const GgufField> fields() const { return fields_; }
  std::span<const GgufTensor> tensors() const { return tensors_; }

  std::span<const std::byte> bytes(const GgufTensor& tensor) const {
    return data_.subspan(tensor.offset, tensor.bytes);
  }
  const std::shared_ptr<const void>& owner() const { return owner_; }  ///< Keeps bytes() alive.

  /// Lets the system take back the memory of a tensor's pages; no effect where the file is not mapped.
  void release(const GgufTensor& tensor) const;

 private:
  void check_places(std::uint64_t alignment) const;

  std::string where_;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<const MappedFile> file_;  // null for bytes of the caller's
  std::uint32_t version_ = 0;
  std::vector<GgufField> fields_;
  std::vector<GgufTensor> tensors_;
  std::span<const std::byte> data_;
};

}  // namespace zeropoint
