// One .npy array, read front to back: rows of its first axis at a time, so that memory is that of
// the rows in hand. The exception is Fortran order, where row 0 is spread over all of the file: such
// an array is read whole at the first call.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "data/byte_source.h"
#include "data/npy_header.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

class ArrayReader {
 public:
  /// Reads the header. Throws invalid_data naming `where`; also when the data does not have the header's size.
  ArrayReader(std::unique_ptr<ByteSource> bytes, std::string where);

  /// An array that is in memory already.
  ArrayReader(Tensor whole, std::string where);

  DType dtype() const { return header_.dtype; }
  const Shape& shape() const { return header_.shape; }

  /// The next `count` rows, [count, ...]. The array must not be a scalar.
  Tensor rows(std::int64_t count);

  /// All of it; only before rows() was called.
  Tensor all();

 private:
  Tensor decode(const Bytes& bytes, Shape shape) const;

  std::unique_ptr<ByteSource> bytes_;
  std::string where_;
  NpyHeader header_;
  std::int64_t position_ = 0;  // rows taken
  Tensor whole_;               // in memory: reordered from Fortran order, or given so
};

/// A mapped file as an array reader. Throws io, invalid_data.
ArrayReader open_npy(const std::filesystem::path& path);

/// A whole .npy file.
Tensor load_npy(const std::filesystem::path& path);

}  // namespace zeropoint
