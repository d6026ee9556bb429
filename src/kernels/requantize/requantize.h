// int32 accumulators to 8-bit codes, in the three arithmetics of requantize_value(), bit for bit.
//
// `columns` forms take a row-major [rows, columns] matrix with one multiplier per column (the output
// channels of a matmul or a channels-last convolution). acc and q must not overlap; any alignment.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zeropoint/quant.h"

namespace zeropoint {

/// Where the codes go: the output's zero point and codes, and the arithmetic that gets there.
struct RequantizeTarget {
  std::int32_t zero_point = 0;
  CodeRange codes;
  Arithmetic arithmetic = Arithmetic::onnx;
};

void requantize_s32_u8(const std::int32_t* acc, std::int64_t n, const Rescale& rescale, const RequantizeTarget& target,
                       std::uint8_t* q);
void requantize_s32_i8(const std::int32_t* acc, std::int64_t n, const Rescale& rescale, const RequantizeTarget& target,
                       std::int8_t* q);

/// The multipliers of many columns, laid out for vector loads (padded at the end).
struct ColumnRescale {
  explicit ColumnRescale(std::span<const Rescale> columns);

  std::int64_t columns = 0;
  bool only_right_shifts = true;  // every fixed-point multiplier is below 1
  std::vector<float> multiplier;
  std::vector<std::int32_t> m0;
  std::vector<std::int32_t> shift;
};

void requantize_columns_s32_u8(const std::int32_t* acc, std::int64_t rows, const ColumnRescale& columns,
                               const RequantizeTarget& target, std::uint8_t* q);
void requantize_columns_s32_i8(const std::int32_t* acc, std::int64_t rows, const ColumnRescale& columns,
                               const RequantizeTarget& target, std::int8_t* q);

namespace reference {

/// One value at a time, on multiplier i % rescale.size().
template <class Code>
void requantize_s32(const std::int32_t* acc, std::int64_t n, std::span<const Rescale> rescale,
                    const RequantizeTarget& target, Code* q);

}  // namespace reference
}  // namespace zeropoint
