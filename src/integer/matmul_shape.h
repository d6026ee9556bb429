// How a matrix product walks over its operands: leading dimensions broadcast, vectors become a row
// or a column (numpy.matmul).
#pragma once

#include <string_view>

#include "integer/broadcast.h"

namespace zeropoint::integer {

struct MatmulShape {
  /// Throws invalid_data, naming `where`, when the shapes do not multiply.
  MatmulShape(const Shape& a, const Shape& b, std::string_view where);

  std::int64_t m = 0;
  std::int64_t k = 0;
  std::int64_t n = 0;
  Broadcast batch;  // of the leading dimensions
  Shape result;

  std::int64_t batches() const;

  /// Which matrix of a and of b makes matrix `i` of the result.
  Broadcast::Offsets matrices(std::int64_t i) const;
};

}  // namespace zeropoint::integer
