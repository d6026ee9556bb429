#include "ops/qlinear.h"

#include "kernels/table/table.h"
#include "ops/arguments.h"

namespace zeropoint {

DType code_type(const OpSite& site, std::size_t i) {
  const DType dtype = site.input(i).dtype;
  if (dtype != DType::u8 && dtype != DType::i8) site.unsupported("{} codes (input {}) are not offered", name(dtype), i);
  return dtype;
}

QParams read_grid(const OpSite& site, std::size_t scale, std::size_t zero_point) {
  return {.scale = static_cast<float>(number(site, scale, "scale")),
          .zero_point = site.has(zero_point) ? static_cast<std::int32_t>(number(site, zero_point, "zero point")) : 0};
}

CodeRange codes_of(DType dtype) {
  return {static_cast<std::int32_t>(min_code(dtype)), static_cast<std::int32_t>(max_code(dtype))};
}

CodeTable make_code_table(DType from, QParams from_grid, DType to, QParams to_grid,
                          const std::function<float(float)>& f) {
  CodeTable table;
  const CodeRange codes = codes_of(from);
  for (std::int32_t q = codes.min; q <= codes.max; ++q) {
    const float y = f(dequantize_value(q, from_grid));
    const std::int32_t code = quantize_value(y, to_grid.scale, to_grid.zero_point, codes_of(to));
    table[static_cast<std::uint8_t>(q)] = static_cast<std::uint8_t>(code);
  }
  return table;
}

void apply_table(const CodeTable& table, const std::uint8_t* x, std::uint8_t* y, std::int64_t n) {
  table_u8(x, n, table, y);
}

}  // namespace zeropoint
