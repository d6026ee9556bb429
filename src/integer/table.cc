// Functions of one code as tables: with 8 bits there are only 256 questions to answer.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/fail.h"
#include "base/parallel.h"
#include "integer/operand.h"
#include "quant/codes.h"

namespace zeropoint {
namespace {

using Options = integer::TableOptions;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

struct FunctionRow {
  UnaryFunction function;
  std::string_view name;
  double (*of)(double x, const Options& options);
};

// Definitions as in the ONNX operators of the same names.
constexpr FunctionRow kFunctions[] = {
    {UnaryFunction::relu, "relu", [](double x, const Options&) { return std::max(x, 0.0); }},
    {UnaryFunction::leaky_relu, "leaky_relu", [](double x, const Options& o) { return x < 0 ? o.alpha * x : x; }},
    {UnaryFunction::sigmoid, "sigmoid", [](double x, const Options&) { return sigmoid(x); }},
    {UnaryFunction::hard_sigmoid, "hard_sigmoid",
     [](double x, const Options& o) { return std::clamp(o.alpha * x + o.beta, 0.0, 1.0); }},
    {UnaryFunction::tanh, "tanh", [](double x, const Options&) { return std::tanh(x); }},
    {UnaryFunction::elu, "elu", [](double x, const Options& o) { return x < 0 ? o.alpha * std::expm1(x) : x; }},
    {UnaryFunction::hard_swish, "hard_swish",
     [](double x, const Options&) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }},
    {UnaryFunction::silu, "silu", [](double x, const Options&) { return x * sigmoid(x); }},
    {UnaryFunction::gelu, "gelu",
     [](double x, const Options&) { return x / 2 * (1 + std::erf(x / std::numbers::sqrt2)); }},
    {UnaryFunction::exp, "exp", [](double x, const Options&) { return std::exp(x); }},
    {UnaryFunction::sqrt, "sqrt", [](double x, const Options&) { return std::sqrt(std::max(x, 0.0)); }},
};

const FunctionRow& row_of(UnaryFunction function) {
  for (const FunctionRow& row : kFunctions) {
    if (row.function == function) return row;
  }
  fail(ErrorKind::internal, "unary function", "{} has no row", static_cast<int>(function));
}

}  // namespace

std::string_view name(UnaryFunction function) { return row_of(function).name; }

namespace integer {
namespace {

constexpr std::string_view kWhere = "integer table";
constexpr std::int64_t kGrain = 1 << 16;  // elements per piece of work; a whole number of packed bytes

}  // namespace

std::vector<std::int32_t> make_table(UnaryFunction function, const TensorQParams& input, const TensorQParams& output,
                                     const TableOptions& options) {
  const Operand x = open_input(input, kWhere);
  const Operand y = open_output(output, kWhere);
  const FunctionRow& row = row_of(function);
  std::vector<std::int32_t> table;
  for (std::int32_t q = x.codes.min; q <= x.codes.max; ++q) {
    const double value = row.of(dequantize_value(q, x.grid(0)), options);
    table.push_back(quantize_value(static_cast<float>(value), y.grid(0).scale, y.grid(0).zero_point, y.codes));
  }
  return table;
}

QuantizedTensor apply(UnaryFunction function, const QuantizedTensor& x, const TensorQParams& output,
                      const TableOptions& options) {
  const Operand from = open_operand(x, kOneGrid, kWhere);
  const std::vector<std::int32_t> table = make_table(function, x.qparams, output, options);
  QuantizedTensor y{Tensor::allocate(output.scheme.dtype, x.codes.shape()), output};
  void* out = y.codes.mutable_raw();
  parallel_ranges(x.codes.size(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int32_t q = load_code(x.codes.dtype(), x.codes.raw(), i);
      store_code(output.scheme.dtype, out, i, table[static_cast<std::size_t>(q - from.codes.min)]);
    }
  });
  return y;
}

}  // namespace integer
}  // namespace zeropoint
