// A quantized tensor opened for arithmetic: its grids checked once, before its codes are touched.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "zeropoint/integer.h"

namespace zeropoint::integer {

struct Operand {
  Shape shape;
  std::vector<float> scales;              // one, or one per slice along the channel axis
  std::vector<std::int32_t> zero_points;  // as many
  CodeRange codes;  // of an input: all that its type can hold; of an output: those its scheme uses

  bool is_per_channel() const { return scales.size() > 1; }
  QParams grid(std::int64_t channel) const;

  /// Largest |q - Z| over all codes and grids.
  std::int64_t largest_difference() const;
};

constexpr int kOneGrid = -1;

/// Throws invalid_option, naming `where`, unless the tensor has integer codes of at most 16 bits on one grid, or (for
/// channel_axis >= 0) on one grid per slice along that axis.
Operand open_operand(const QuantizedTensor& tensor, int channel_axis, std::string_view where);

/// An input of which only the grid is known, and a result that does not exist yet: one grid each.
Operand open_input(const TensorQParams& input, std::string_view where);
Operand open_output(const TensorQParams& output, std::string_view where);

/// Codes of at most 8 bits in bytes: int8 or uint8.
Tensor codes_as_bytes(const Tensor& codes);

/// The sum as int32: throws invalid_data, naming `where`, when it leaves int32.
std::int32_t checked_accumulator(std::int64_t sum, std::string_view where);

/// True where no sum of `terms` products of codes of a and b, plus a bias up to `bias` in magnitude, can leave
/// int32, in whatever order it is taken.
bool fits_int32(std::int64_t terms, const Operand& a, const Operand& b, std::int64_t bias = 0);

}  // namespace zeropoint::integer
