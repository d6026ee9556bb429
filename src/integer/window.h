// Where the window of a convolution or pool stands for each output position, in 1, 2 or 3 spatial dimensions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "zeropoint/integer.h"

namespace zeropoint::integer {

struct Window {
  Shape input;  // spatial dimensions only, as all of these
  Shape kernel;
  Shape output;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;
  std::vector<std::int64_t> pads_begin;
  std::vector<std::int64_t> pads_end;

  /// Throws invalid_option or invalid_data, naming `where`, for options that do not fit.
  Window(const Shape& tensor, std::span<const std::int64_t> kernel, const WindowOptions& options,
         std::string_view where);

  std::size_t rank() const { return input.size(); }
  std::int64_t taps() const { return element_count(kernel); }

  /// The input coordinate under tap `tap` of dimension `dim` when the window stands at output coordinate `out`;
  /// below 0 or from input[dim] on it lies in the padding.
  std::int64_t coordinate(std::size_t dim, std::int64_t out, std::int64_t tap) const {
    return out * strides[dim] - pads_begin[dim] + tap * dilations[dim];
  }
};

/// The index'th position of a row-major walk over `shape`.
std::vector<std::int64_t> position(const Shape& shape, std::int64_t index);

/// [outer..., channels, output...]: the shape of a result.
Shape with_spatial(std::int64_t batch, std::int64_t channels, const Shape& spatial);

}  // namespace zeropoint::integer
