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
  /// Consecutive entries of the line's table that move together.
  struct Segment {
    std::int64_t from;    // byte offset in src of the first element
    std::int64_t count;   // elements
    std::int64_t repeat;  // each source element fills this many; 1: a plain run
  };

  void find_segments();
  template <class Element>
  void copy_line(std::byte* to, const std::byte* from) const;
  template <class Element>
  void run_lines(std::byte* dst, const std::byte* src) const;
  void run_runs(std::byte* dst, const std::byte* src) const;
  template <class Body>
  void for_lines(std::int64_t begin, std::int64_t end, const Body& body) const;

  std::vector<std::vector<std::int64_t>> outer_;  // byte offsets
  std::vector<std::int64_t> line_ = {0};          // the innermost axis; byte offsets
  std::vector<Segment> segments_;                 // the same line, when a few of them describe it
  std::int64_t line_count_ = 0;
  std::size_t run_bytes_ = 0;  // that lie together in both
};

}  // namespace zeropoint
