// Writes one GGUF file (version 3) front to back: metadata and the places of all tensors, then their bytes.
//
// The file appears under its name at commit(), whole, or not at all. Memory: the header and a write buffer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "frontends/gguf_field.h"
#include "kernels/ggml/ggml.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

struct GgufTensorSpec {
  std::string name;  // as the file calls it
  kernels::GgmlType type = kernels::GgmlType::f32;
  Shape shape;  // outermost first; rows are whole blocks
};

std::uint64_t storage_bytes(const GgufTensorSpec& spec);

/// Bytes of the whole file.
std::uint64_t gguf_file_bytes(std::span<const GgufField> fields, std::span<const GgufTensorSpec> tensors);

class GgufWriter {
 public:
  /// Throws io, and internal for a name longer than readers take (63 bytes).
  GgufWriter(std::filesystem::path target, std::span<const GgufField> fields, std::vector<GgufTensorSpec> tensors);

  /// The next bytes of the tensors, in the order of the specs; padding between them is added.
  void write(std::span<const std::byte> bytes);

  /// Throws io, and internal when bytes are missing.
  void commit();

 private:
  void pad();

  AtomicFile file_;
  std::vector<GgufTensorSpec> tensors_;
  std::size_t next_ = 0;       // tensor that is being written
  std::uint64_t written_ = 0;  // bytes of it
};

}  // namespace zeropoint
