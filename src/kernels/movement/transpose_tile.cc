#include "kernels/movement/transpose_tile.h"

#include <cstring>
#include <utility>

#include "kernels/movement/vector16.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kLineBytes = 64;      // one cache line
constexpr std::int64_t kCrowdedStep = 1024;  // rows of dst that far apart meet in a few places of a small cache

template <class T, std::size_t n>
struct Rows {
  Vector16<T> row[n];
};

/// Interleaving the first half of the rows with the second moves one bit of the row number into the column number.
template <class T, std::size_t... i>
Rows<T, sizeof...(i)> interleave(const Rows<T, sizeof...(i)>& in, std::index_sequence<i...>) {
  constexpr std::size_t kHalf = sizeof...(i) / 2;
  return {(i % 2 == 0 ? interleave_lower<T>(in.row[i / 2], in.row[i / 2 + kHalf], Lanes16<T>())
                      : interleave_upper<T>(in.row[i / 2], in.row[i / 2 + kHalf], Lanes16<T>()))...};
}

/// A square of as many rows as a vector has lanes: after log2(lanes) rounds, rows and columns have changed places.
/// (Packs instead of loops: everything stays in registers.)
template <class T, std::size_t... i>
void transpose_square(std::byte* dst, std::int64_t dst_step, const std::byte* src, std::int64_t src_step,
                      std::index_sequence<i...> lanes) {
  Rows<T, sizeof...(i)> rows;
  (std::memcpy(&rows.row[i], src + static_cast<std::int64_t>(i) * src_step, kVectorBytes), ...);
  rows = interleave<T>(rows, lanes);
  if constexpr (sizeof...(i) >= 4) rows = interleave<T>(rows, lanes);
  if constexpr (sizeof...(i) >= 8) rows = interleave<T>(rows, lanes);
  if constexpr (sizeof...(i) >= 16) rows = interleave<T>(rows, lanes);
  (std::memcpy(dst + static_cast<std::int64_t>(i) * dst_step, &rows.row[i], kVectorBytes), ...);
}

template <class T>
void copy_elements(std::byte* dst, std::int64_t dst_step, const std::byte* src, std::int64_t src_step,
                   std::int64_t rows, std::int64_t columns) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      std::memcpy(dst + r * dst_step + c * static_cast<std::int64_t>(sizeof(T)),
                  src + c * src_step + r * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
    }
  }
}

/// Squares as far as they go, then elements.
template <class T>
void transpose_squares(std::byte* dst, std::int64_t dst_step, const std::byte* src, std::int64_t src_step,
                       std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t kSize = sizeof(T);
  constexpr std::int64_t kLanes = kVectorBytes / kSize;
  std::int64_t c = 0;
  for (; c + kLanes <= columns; c += kLanes) {
    std::int64_t r = 0;
    for (; r + kLanes <= rows; r += kLanes) {
      transpose_square<T>(dst + r * dst_step + c * kSize, dst_step, src + c * src_step + r * kSize, src_step,
                          Lanes16<T>());
    }
    copy_elements<T>(dst + r * dst_step + c * kSize, dst_step, src + c * src_step + r * kSize, src_step, rows - r,
                     kLanes);
  }
  copy_elements<T>(dst + c * kSize, dst_step, src + c * src_step, src_step, rows, columns - c);
}

/// Where the rows of dst compete for the same places in the cache, blocks of whole cache lines go through a buffer, so
/// that each line is written once.
template <class T>
void transpose(std::byte* dst, std::int64_t dst_step, const std::byte* src, std::int64_t src_step, std::int64_t rows,
               std::int64_t columns) {
  constexpr std::int64_t kSize = sizeof(T);
  constexpr std::int64_t kBlock = kLineBytes / kSize;
  alignas(kLineBytes) std::byte buffer[kBlock * kLineBytes];
  if (dst_step % kCrowdedStep != 0) return transpose_squares<T>(dst, dst_step, src, src_step, rows, columns);
  std::int64_t r = 0;
  for (; r + kBlock <= rows; r += kBlock) {
    std::int64_t c = 0;
    for (; c + kBlock <= columns; c += kBlock) {
      transpose_squares<T>(buffer, kLineBytes, src + c * src_step + r * kSize, src_step, kBlock, kBlock);
      for (std::int64_t i = 0; i < kBlock; ++i) {
        std::memcpy(dst + (r + i) * dst_step + c * kSize, buffer + i * kLineBytes, kLineBytes);
      }
    }
    transpose_squares<T>(dst + r * dst_step + c * kSize, dst_step, src + c * src_step + r * kSize, src_step, kBlock,
                         columns - c);
  }
  transpose_squares<T>(dst + r * dst_step, dst_step, src + r * kSize, src_step, rows - r, columns);
}

}  // namespace

void transpose_tile(std::size_t element_bytes, std::byte* dst, std::int64_t dst_step, const std::byte* src,
                    std::int64_t src_step, std::int64_t rows, std::int64_t columns) {
  switch (element_bytes) {
    case 1:
      return transpose<std::uint8_t>(dst, dst_step, src, src_step, rows, columns);
    case 2:
      return transpose<std::uint16_t>(dst, dst_step, src, src_step, rows, columns);
    case 4:
      return transpose<std::uint32_t>(dst, dst_step, src, src_step, rows, columns);
    case 8:
      return transpose<std::uint64_t>(dst, dst_step, src, src_step, rows, columns);
    default:
      return copy_elements<Vector16<std::uint64_t>>(dst, dst_step, src, src_step, rows, columns);
  }
}

void transpose_tile_f32(const float* from, std::int64_t from_step, std::int64_t rows, std::int64_t columns, float* to,
                        std::int64_t to_step) {
  constexpr auto kFloat = static_cast<std::int64_t>(sizeof(float));
  transpose_tile(sizeof(float), reinterpret_cast<std::byte*>(to), to_step * kFloat,
                 reinterpret_cast<const std::byte*>(from), from_step * kFloat, columns, rows);
}

}  // namespace zeropoint
