#include <cstring>

#include "base/fail.h"
#include "integer/operand.h"
#include "quant/codes.h"

namespace zeropoint::integer {
namespace {

constexpr std::string_view kWhere = "integer concat";

std::int64_t product(const Shape& shape, std::size_t begin, std::size_t end) {
  return element_count(
      Shape(shape.begin() + static_cast<std::ptrdiff_t>(begin), shape.begin() + static_cast<std::ptrdiff_t>(end)));
}

/// The joined shape. Throws invalid_data when the inputs differ beside the axis.
Shape joined_shape(std::span<const QuantizedTensor> inputs, int axis) {
  if (inputs.empty()) fail(ErrorKind::invalid_option, std::string(kWhere), "there is nothing to join");
  Shape joined = inputs.front().codes.shape();
  if (axis < 0 || axis >= static_cast<int>(joined.size())) {
    fail(ErrorKind::invalid_option, std::string(kWhere), "there is no axis {} in shape {}", axis, to_string(joined));
  }
  std::int64_t length = 0;
  for (const QuantizedTensor& input : inputs) {
    Shape shape = input.codes.shape();
    const bool has_axis = shape.size() == joined.size();
    if (has_axis)
      length += std::exchange(shape[static_cast<std::size_t>(axis)], joined[static_cast<std::size_t>(axis)]);
    if (shape != joined) {
      fail(ErrorKind::invalid_data, std::string(kWhere), "shapes {} and {} do not join along axis {}",
           to_string(inputs.front().codes.shape()), to_string(input.codes.shape()), axis);
    }
  }
  joined[static_cast<std::size_t>(axis)] = length;
  return joined;
}

bool is_on_grid(const Operand& x, const Operand& y, DType x_type, DType y_type) {
  return x_type == y_type && x.grid(0) == y.grid(0);
}

}  // namespace

QuantizedTensor concat(std::span<const QuantizedTensor> inputs, int axis, const TensorQParams& output,
                       Arithmetic arithmetic) {
  const Operand y = open_output(output, kWhere);
  QuantizedTensor joined{Tensor::allocate(output.scheme.dtype, joined_shape(inputs, axis)), output};
  const Shape& shape = joined.codes.shape();
  const auto at = static_cast<std::size_t>(axis);
  const std::int64_t inner = product(shape, at + 1, shape.size());
  const std::int64_t outer = product(shape, 0, at);
  const DType dtype = joined.codes.dtype();
  void* out = joined.codes.mutable_raw();
  std::int64_t offset = 0;  // of the input's first element in a row of the result
  for (const QuantizedTensor& input : inputs) {
    const Operand x = open_operand(input, kOneGrid, kWhere);
    const Tensor codes = is_on_grid(x, y, input.codes.dtype(), dtype)
                             ? input.codes
                             : requantize(input.codes, input.qparams, output, arithmetic);
    const std::int64_t run = codes.dim(axis) * inner;
    const std::int64_t row = shape[at] * inner;
    for (std::int64_t o = 0; o < outer; ++o) {
      if (bits(dtype) >= 8) {
        const std::size_t width = static_cast<std::size_t>(bits(dtype)) / 8;
        std::memcpy(static_cast<std::byte*>(out) + static_cast<std::size_t>(o * row + offset) * width,
                    static_cast<const std::byte*>(codes.raw()) + static_cast<std::size_t>(o * run) * width,
                    static_cast<std::size_t>(run) * width);
        continue;
      }
      for (std::int64_t i = 0; i < run; ++i) {
        store_code(dtype, out, o * row + offset + i, load_code(dtype, codes.raw(), o * run + i));
      }
    }
    offset += run;
  }
  return joined;
}

}  // namespace zeropoint::integer
