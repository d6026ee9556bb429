#include "weights/weight.h"

#include <fmt/format.h>

namespace zeropoint {
namespace {

struct Text {
  std::string operator()(const MatrixScheme& s) const {
    const std::string grids = s.per_tensor       ? "per tensor"
                              : s.block_size > 0 ? fmt::format("block {}", s.block_size)
                                                 : std::string("per channel");
    return fmt::format("int{} {} {}{}", s.bits, s.symmetric ? "symmetric" : "affine", grids,
                       s.act_order ? ", act-order" : "");
  }
  std::string operator()(const AbsmaxRowsScheme&) const { return "int8 rows (LLM.int8)"; }
  std::string operator()(const CodebookScheme& s) const {
    return fmt::format("nf4 block {}{}", s.block_size, s.double_quantization ? ", nested" : "");
  }
};

}  // namespace

Tensor dequantize(const QuantizedWeight& weight) {
  return std::visit([](const auto& matrix) { return dequantize(matrix); }, weight);
}

void dequantize_rows(const QuantizedWeight& weight, std::int64_t begin, std::int64_t end, float* values) {
  std::visit([&](const auto& matrix) { dequantize_rows(matrix, begin, end, values); }, weight);
}

std::string to_string(const WeightScheme& scheme) { return std::visit(Text(), scheme); }

}  // namespace zeropoint
