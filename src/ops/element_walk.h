// The walk of GatherElements and ScatterElements: each index names one element of the data, along
// `axis` by its value and along the other axes by its own position.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "kernels/movement/strided_copy.h"
#include "ops/arguments.h"
#include "ops/indices.h"
#include "ops/op.h"

namespace zeropoint {

class ElementWalk {
 public:
  /// Data is input 0, indices are input 1. Throws invalid_model when the indices reach outside the data.
  explicit ElementWalk(const OpSite& site);

  std::int64_t line_count() const { return lines_; }
  std::int64_t lines_per_chunk() const {
    return std::max<std::int64_t>(1, (16 << 10) / std::max<std::int64_t>(1, length_));
  }

  /// Calls body(position in the indices, position in the data) for lines [begin, end) of the indices' last axis.
  /// Throws invalid_data, naming the index, for one outside the data.
  template <class Body>
  void for_lines(const Tensor& indices, std::int64_t begin, std::int64_t end, const Body& body) const {
    if (indices.dtype() == DType::i32) {
      walk(indices.data<std::int32_t>(), begin, end, body);
    } else {
      walk(indices.data<std::int64_t>(), begin, end, body);
    }
  }

 private:
  std::int64_t line_start(std::int64_t line) const;
  [[noreturn]] void refuse(std::int64_t index, std::int64_t position) const;

  template <class Index, class Body>
  void walk(const Index* indices, std::int64_t begin, std::int64_t end, const Body& body) const {
    for (std::int64_t line = begin; line < end; ++line) {
      std::int64_t offset = line_start(line);
      for (std::int64_t i = line * length_; i < (line + 1) * length_; ++i) {
        std::int64_t index = indices[i];
        if (index < -dim_ || index >= dim_) refuse(index, i);
        if (index < 0) index += dim_;
        body(i, offset + index * axis_stride_);
        offset += last_stride_;
      }
    }
  }

  std::string where_;
  Shape shape_;    // of the indices
  Shape strides_;  // of the data; 0 along the axis, whose place the index takes
  std::int64_t dim_ = 1;
  std::int64_t axis_stride_ = 0;
  std::int64_t lines_ = 1;
  std::int64_t length_ = 1;
  std::int64_t last_stride_ = 0;
};

}  // namespace zeropoint
