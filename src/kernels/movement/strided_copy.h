// Copies between two strided arrays of any rank: the one loop nest behind Transpose, Slice, Split,
// Concat, Expand, Tile, Pad and their relatives.
//
//   dst[sum i_k * dst_strides[k]] = src[sum i_k * src_strides[k]]   for every index i below shape
//
// Strides count elements; those of src may be 0 (broadcast) or negative (reversal). The loop nest is
// simplified once, when the object is made: dimensions are merged, contiguous runs become memcpy,
// a change of the fastest axis becomes a tiled transposition. The arrays must not overlap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "zeropoint/tensor.h"

namespace zeropoint {

/// Strides of a dense row-major array, in elements.
Shape row_major_strides(const Shape& shape);

class StridedCopy {
 public:
  StridedCopy() = default;  ///< Copies nothing.
  /// Elements of 1 to 16 bytes, a power of two.
  StridedCopy(const Shape& shape, const Shape& dst_strides, const Shape& src_strides, std::size_t element_bytes);

  /// `dst` and `src` point at the elements with index 0.
  void run(void* dst, const void* src) const;

 private:
  struct Loop {
    std::int64_t count;
    std::int64_t dst_step;  // bytes
    std::int64_t src_step;
  };
  enum class Inner { nothing, runs, elements, transposed };

  template <class Body>
  void for_each(std::int64_t begin, std::int64_t end, std::byte* dst, const std::byte* src, const Body& body) const;
  void run_pieces(std::byte* dst, const std::byte* src) const;
  template <class Element>
  void run_elements(std::byte* dst, const std::byte* src) const;
  void run_transposed(std::byte* dst, const std::byte* src) const;

  Inner inner_ = Inner::nothing;
  std::int64_t run_bytes_ = 0;  // contiguous in both arrays
  std::vector<Loop> outer_;     // slowest first
  std::int64_t outer_count_ = 1;
  Loop row_{};     // transposed: along which src is contiguous
  Loop column_{};  // elements, transposed: the innermost loop, along which dst is dense when transposed
};

}  // namespace zeropoint
