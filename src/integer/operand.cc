#include "integer/operand.h"

#include <algorithm>
#include <limits>

#include "base/fail.h"
#include "quant/codes.h"
#include "tensor/grids.h"

namespace zeropoint::integer {
namespace {

constexpr int kWidestCodeBits = 16;

void check_codes(DType dtype, std::string_view where) {
  if (has_integer_codes(dtype) && bits(dtype) <= kWidestCodeBits) return;
  fail(ErrorKind::invalid_option, std::string(where), "{} codes are not offered; integers of at most 16 bits are",
       name(dtype));
}

CodeRange all_codes(DType dtype) {
  return {static_cast<std::int32_t>(min_code(dtype)), static_cast<std::int32_t>(max_code(dtype))};
}

void require_one_grid(const TensorQParams& qparams, std::string_view where) {
  if (qparams.scheme.granularity == Granularity::per_tensor) return;
  fail(ErrorKind::invalid_option, std::string(where), "one grid is wanted, not {} ones",
       name(qparams.scheme.granularity));
}

Operand open(const Shape& shape, const TensorQParams& qparams, std::string_view where) {
  check_codes(qparams.scheme.dtype, where);
  const Grids grids = open_grids(shape, qparams, where);
  const auto count = grids.zero_points.size();
  return {shape, {grids.scales, grids.scales + count}, grids.zero_points, grids.codes};
}

}  // namespace

QParams Operand::grid(std::int64_t channel) const {
  const auto i = is_per_channel() ? static_cast<std::size_t>(channel) : 0;
  return {scales[i], zero_points[i]};
}

std::int64_t Operand::largest_difference() const {
  std::int64_t largest = 0;
  for (const std::int64_t zero_point : zero_points) {
    largest = std::max({largest, codes.max - zero_point, zero_point - codes.min});
  }
  return largest;
}

Operand open_operand(const QuantizedTensor& tensor, int channel_axis, std::string_view where) {
  const Scheme& scheme = tensor.qparams.scheme;
  if (tensor.codes.dtype() != scheme.dtype) {
    fail(ErrorKind::invalid_option, std::string(where), "codes of type {} with grids for {}",
         name(tensor.codes.dtype()), name(scheme.dtype));
  }
  const int axis = scheme.axis < 0 ? scheme.axis + tensor.codes.rank() : scheme.axis;
  const bool is_offered = scheme.granularity == Granularity::per_tensor ||
                          (scheme.granularity == Granularity::per_axis && channel_axis >= 0 && axis == channel_axis);
  if (!is_offered) {
    const std::string wanted =
        channel_axis >= 0 ? fmt::format("one grid or one per slice along axis {}", channel_axis) : "one grid";
    fail(ErrorKind::invalid_option, std::string(where), "{} grids are not offered here; {} is",
         name(scheme.granularity), wanted);
  }
  Operand operand = open(tensor.codes.shape(), tensor.qparams, where);
  operand.codes = all_codes(scheme.dtype);
  return operand;
}

Operand open_input(const TensorQParams& input, std::string_view where) {
  require_one_grid(input, where);
  Operand operand = open({}, input, where);
  operand.codes = all_codes(input.scheme.dtype);
  return operand;
}

Operand open_output(const TensorQParams& output, std::string_view where) {
  require_one_grid(output, where);
  return open({}, output, where);
}

Tensor codes_as_bytes(const Tensor& codes) {
  if (bits(codes.dtype()) == 8) return codes;
  return tensor_of_codes(min_code(codes.dtype()) < 0 ? DType::i8 : DType::u8, codes.shape(), codes_of(codes));
}

std::int32_t checked_accumulator(std::int64_t sum, std::string_view where) {
  if (sum >= std::numeric_limits<std::int32_t>::min() && sum <= std::numeric_limits<std::int32_t>::max()) {
    return static_cast<std::int32_t>(sum);
  }
  fail(ErrorKind::invalid_data, std::string(where), "a sum of products, {}, leaves int32; use fewer bits or split it",
       sum);
}

bool fits_int32(std::int64_t terms, const Operand& a, const Operand& b, std::int64_t bias) {
  const std::int64_t product = a.largest_difference() * b.largest_difference();  // at most 2^32
  const std::int64_t room = std::numeric_limits<std::int32_t>::max() - bias;
  return room >= 0 && (product == 0 || terms <= room / product);
}

}  // namespace zeropoint::integer
