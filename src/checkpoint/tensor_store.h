// The weights of a checkpoint, one at a time: names and shapes are known at once, elements are views into mapped files
// or are decoded when asked for, so that memory stays a small multiple of the largest tensor.
//
// Names are those of Hugging Face's checkpoints ("model.layers.0.self_attn.q_proj.weight"), whatever the file calls
// them. A quantized weight appears under its float name and decodes to the float32 values that it stands for.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/tensor.h"

namespace zeropoint {

struct StoredTensor {
  std::string name;
  DType dtype = DType::undefined;  // of the elements that read() gives; f32 for an encoded tensor
  Shape shape;
  std::string encoding;     // empty: plain elements. "Q4_K", "int4 block 32", "nf4" ...: how the file holds them
  std::uint64_t bytes = 0;  // in the file, all parts of an encoded tensor together
};

class TensorStore {
 public:
  virtual ~TensorStore() = default;

  virtual std::span<const StoredTensor> tensors() const = 0;  ///< In the order of the files.

  /// A view into the file where the elements are plain, otherwise decoded float32. Throws invalid_model naming file and
  /// tensor.
  virtual Tensor read(const StoredTensor& tensor) const = 0;

  /// Lets the system take back the memory of a tensor's file pages.
  virtual void release(const StoredTensor& tensor) const = 0;

  virtual const StoredTensor* find(std::string_view name) const;  ///< nullptr when there is none
};

/// read() as float32, converted where the file holds another float type. Throws unsupported for what is no float.
Tensor read_f32(const TensorStore& store, const StoredTensor& tensor);

}  // namespace zeropoint
