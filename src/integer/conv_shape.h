// The sizes of a convolution: x [n, c, spatial...], w [m, c / groups, kernel...].
#pragma once

#include <string_view>

#include "integer/window.h"

namespace zeropoint::integer {

struct ConvShape {
  /// Throws invalid_data or invalid_option, naming `where`, when the shapes do not fit each other.
  ConvShape(const Shape& x, const Shape& w, const WindowOptions& options, std::string_view where);

  std::int64_t batch = 0;
  std::int64_t groups = 1;
  std::int64_t group_channels = 0;  // input channels per group
  std::int64_t out_channels = 0;
  Window window;

  Shape result() const { return with_spatial(batch, out_channels, window.output); }
};

}  // namespace zeropoint::integer
