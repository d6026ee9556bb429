// Vectors of 16 bytes, which every CPU of the baseline has, and the shuffle that transposing and
// repeating elements is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace zeropoint {

constexpr std::int64_t kVectorBytes = 16;

template <class T>
using Vector16 __attribute__((vector_size(kVectorBytes))) = T;

/// 0, 1, ... lanes - 1 as a pack.
template <class T>
using Lanes16 = std::make_index_sequence<kVectorBytes / sizeof(T)>;

/// a[0], b[0], a[1], b[1] ... from the lower halves.
template <class T, std::size_t... i>
Vector16<T> interleave_lower(Vector16<T> a, Vector16<T> b, std::index_sequence<i...>) {
  return __builtin_shufflevector(a, b, (i / 2 + i % 2 * sizeof...(i))...);
}

/// The same from the upper halves.
template <class T, std::size_t... i>
Vector16<T> interleave_upper(Vector16<T> a, Vector16<T> b, std::index_sequence<i...>) {
  return __builtin_shufflevector(a, b, ((i + sizeof...(i)) / 2 + i % 2 * sizeof...(i))...);
}

}  // namespace zeropoint
