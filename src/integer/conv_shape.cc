#include "integer/conv_shape.h"

#include "base/fail.h"

namespace zeropoint::integer {
namespace {

std::span<const std::int64_t> kernel_of(const Shape& w) {
  return w.size() < 2 ? std::span<const std::int64_t>{} : std::span<const std::int64_t>(w).subspan(2);
}

}  // namespace

ConvShape::ConvShape(const Shape& x, const Shape& w, const WindowOptions& options, std::string_view where)
    : groups(options.groups), window(x, kernel_of(w), options, where) {
  batch = x[0];
  out_channels = w[0];
  group_channels = w[1];
  if (groups < 1 || x[1] != groups * group_channels || out_channels % groups != 0) {
    fail(ErrorKind::invalid_data, std::string(where), "input {} and weights {} do not fit {} groups", to_string(x),
         to_string(w), groups);
  }
}

}  // namespace zeropoint::integer
