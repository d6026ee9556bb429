// A rectangle of elements with steps, so that a scalar, a row or a column can be repeated.
#pragma once

#include <cstdint>

namespace zeropoint {

template <class T>
struct Strided {
  const T* data;
  std::int64_t row_step;  // elements from one row to the next; 0 repeats the row
  std::int64_t col_step;  // 1, or 0 to repeat one value
};

using StridedF32 = Strided<float>;

}  // namespace zeropoint
