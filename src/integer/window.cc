#include "integer/window.h"

#include "base/fail.h"

namespace zeropoint::integer {
namespace {

/// The option's values, or `otherwise` everywhere when it was left empty.
std::vector<std::int64_t> values_of(const std::vector<std::int64_t>& option, std::size_t count, std::int64_t otherwise,
                                    std::int64_t least, std::string_view name, std::string_view where) {
  if (option.empty()) return std::vector<std::int64_t>(count, otherwise);
  if (option.size() != count) {
    fail(ErrorKind::invalid_option, std::string(where), "{} values of {} instead of {}", option.size(), name, count);
  }
  for (const std::int64_t value : option) {
    if (value < least) fail(ErrorKind::invalid_option, std::string(where), "{} cannot be {}", name, value);
  }
  return option;
}

}  // namespace

Window::Window(const Shape& tensor, std::span<const std::int64_t> kernel_shape, const WindowOptions& options,
               std::string_view where) {
  const std::size_t count = kernel_shape.size();
  if (count < 1 || count > 3 || tensor.size() != count + 2) {
    fail(ErrorKind::invalid_data, std::string(where), "a window of {} dimensions does not fit a tensor of shape {}",
         count, to_string(tensor));
  }
  input.assign(tensor.begin() + 2, tensor.end());
  kernel.assign(kernel_shape.begin(), kernel_shape.end());
  strides = values_of(options.strides, count, 1, 1, "strides", where);
  dilations = values_of(options.dilations, count, 1, 1, "dilations", where);
  const std::vector<std::int64_t> pads = values_of(options.pads, 2 * count, 0, 0, "pads", where);
  pads_begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(count));
  pads_end.assign(pads.begin() + static_cast<std::ptrdiff_t>(count), pads.end());
  for (std::size_t d = 0; d < count; ++d) {
    const std::int64_t room = input[d] + pads_begin[d] + pads_end[d] - (dilations[d] * (kernel[d] - 1) + 1);
    if (kernel[d] < 1 || room < 0) {
      fail(ErrorKind::invalid_data, std::string(where), "a kernel of {} does not fit an input of {} with these pads",
           kernel[d], input[d]);
    }
    output.push_back(room / strides[d] + 1);
  }
}

std::vector<std::int64_t> position(const Shape& shape, std::int64_t index) {
  std::vector<std::int64_t> at(shape.size());
  for (std::size_t d = shape.size(); d-- > 0;) {
    at[d] = index % shape[d];
    index /= shape[d];
  }
  return at;
}

Shape with_spatial(std::int64_t batch, std::int64_t channels, const Shape& spatial) {
  Shape shape = {batch, channels};
  shape.insert(shape.end(), spatial.begin(), spatial.end());
  return shape;
}

}  // namespace zeropoint::integer
