// Index tensors: int32 or int64, counted from the end when negative, checked before anything is read.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "ops/op.h"

namespace zeropoint {

/// Throws invalid_model unless input i is int32 or int64.
void check_index_type(const OpSite& site, std::size_t i);

/// Writes the indices to `to` as positions in [0, dim). Throws invalid_data, naming the index, for one outside.
void read_indices(const Tensor& indices, std::int64_t dim, const std::string& where, std::span<std::int64_t> to);

/// Turns index tuples (GatherND, ScatterND) into offsets.
class TupleReader {
 public:
  TupleReader() = default;
  /// A tuple has one index for each of `dims`; `strides` say how far one step along it goes.
  TupleReader(const OpSite& site, Shape dims, Shape strides);

  /// One offset per tuple. Throws invalid_data, naming the index, for one outside its dimension.
  void read(const Tensor& indices, std::span<std::int64_t> offsets) const;

 private:
  std::string where_;
  Shape dims_;
  Shape strides_;
};

}  // namespace zeropoint
