// What the operators on quantized tensors (QLinear...) share: reading a grid, and 256-entry tables.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "ops/op.h"
#include "zeropoint/quant.h"

namespace zeropoint {

/// The type of the codes of input `i`: uint8 or int8, else unsupported.
DType code_type(const OpSite& site, std::size_t i);

/// Scale and zero point of a tensor of 8-bit codes from inputs `scale` and `zero_point` (absent: 0).
/// They must be single values that are known when the plan is made.
QParams read_grid(const OpSite& site, std::size_t scale, std::size_t zero_point);

/// Lowest and highest code of uint8 or int8.
CodeRange codes_of(DType dtype);

/// A function of one 8-bit code as a table, indexed by the code's byte.
using CodeTable = std::array<std::uint8_t, 256>;

/// table[q] = quantize(f(dequantize(q))).
CodeTable make_code_table(DType from, QParams from_grid, DType to, QParams to_grid,
                          const std::function<float(float)>& f);

/// y[i] = table[x[i]]
void apply_table(const CodeTable& table, const std::uint8_t* x, std::uint8_t* y, std::int64_t n);

}  // namespace zeropoint
