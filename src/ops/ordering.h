// A total order of numbers: NaN counts as larger than everything, as in NumPy's sort.
#pragma once

#include <type_traits>

namespace zeropoint {

template <class T>
bool is_below(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return a < b || (b != b && a == a);
  return a < b;
}

}  // namespace zeropoint
