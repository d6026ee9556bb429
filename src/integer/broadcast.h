// Broadcasting of two shapes, as NumPy does it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "zeropoint/tensor.h"

namespace zeropoint::integer {

struct Broadcast {
  Shape shape;
  std::vector<std::int64_t> a_strides;  // elements; 0 where a is repeated
  std::vector<std::int64_t> b_strides;

  /// Throws invalid_data, naming `where`, when the shapes do not broadcast.
  Broadcast(const Shape& a, const Shape& b, std::string_view where);

  std::int64_t rows() const;  ///< all dimensions but the last
  std::int64_t row_length() const { return shape.empty() ? 1 : shape.back(); }

  /// Where a row begins in each input.
  struct Offsets {
    std::int64_t a = 0;
    std::int64_t b = 0;
  };
  Offsets row_offsets(std::int64_t row) const;
  std::int64_t a_step() const { return shape.empty() ? 0 : a_strides.back(); }  ///< along a row: 0 or 1
  std::int64_t b_step() const { return shape.empty() ? 0 : b_strides.back(); }
};

}  // namespace zeropoint::integer
