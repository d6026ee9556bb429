// Copies along per-axis tables: dst[i, j, ...] = src[table_0[i] + table_1[j] + ...]. Nearest-neighbour
// resizing and the mirroring modes of Pad are such copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace zeropoint {

class TableCopy {
 public:
  TableCopy() = default;
  /// One table per axis of dst, which is dense; entries are offsets in src, in elements. An empty table: nothing is
  /// copied. Elements have 1 to 16 bytes, a power of two.
  TableCopy(std::vector<std::vector<std::int64_t>> tables, std::size_t element_bytes);

  void run(void* dst, const void* src) const;

 private:
  template <class Element>
  void run_lines(std::byte* dst, const std::byte* src) const;
  void run_runs(std::byte* dst, const std::byte* src) const;
  std::int64_t line_offset(std::int64_t line) const;

  std::vector<std::vector<std::int64_t>> outer_;  // byte offsets
  std::vector<std::int64_t> line_ = {0};          // the innermost axis; byte offsets
  std::int64_t line_count_ = 0;
  std::size_t run_bytes_ = 0;  // that lie together in both
};

}  // namespace zeropoint
