// add and mul: row by row over the broadcast shape.
#include "base/fail.h"
#include "base/parallel.h"
#include "integer/broadcast.h"
#include "integer/rules.h"
#include "quant/codes.h"

namespace zeropoint::integer {
namespace {

constexpr std::int64_t kGrain = 1 << 14;  // elements per piece of work

template <class Rule>
QuantizedTensor elementwise(const QuantizedTensor& a, const QuantizedTensor& b, const TensorQParams& output,
                            const Rule& rule, std::string_view where) {
  const Broadcast walk(a.codes.shape(), b.codes.shape(), where);
  const std::vector<std::int32_t> left = codes_of(a.codes);
  const std::vector<std::int32_t> right = codes_of(b.codes);
  QuantizedTensor y{Tensor::allocate(output.scheme.dtype, walk.shape), output};
  const DType dtype = y.codes.dtype();
  void* out = y.codes.mutable_raw();
  const std::int64_t length = walk.row_length();
  // Codes below 8 bits share bytes with their neighbours: one piece writes them all.
  const std::int64_t rows_at_once =
      bits(dtype) < 8 ? walk.rows() : std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(length, 1));
  parallel_ranges(walk.rows(), std::max<std::int64_t>(rows_at_once, 1), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const Broadcast::Offsets at = walk.row_offsets(row);
      const std::int32_t* from_a = left.data() + at.a;
      const std::int32_t* from_b = right.data() + at.b;
      for (std::int64_t i = 0; i < length; ++i) {
        store_code(dtype, out, row * length + i, rule(from_a[i * walk.a_step()], from_b[i * walk.b_step()]));
      }
    }
  });
  return y;
}

}  // namespace

QuantizedTensor add(const QuantizedTensor& a, const QuantizedTensor& b, const TensorQParams& output,
                    Arithmetic arithmetic) {
  constexpr std::string_view kWhere = "integer add";
  const AddRule rule(open_operand(a, kOneGrid, kWhere), open_operand(b, kOneGrid, kWhere), open_output(output, kWhere),
                     arithmetic);
  return elementwise(a, b, output, rule, kWhere);
}

QuantizedTensor mul(const QuantizedTensor& a, const QuantizedTensor& b, const TensorQParams& output,
                    Arithmetic arithmetic) {
  constexpr std::string_view kWhere = "integer mul";
  const MulRule rule(open_operand(a, kOneGrid, kWhere), open_operand(b, kOneGrid, kWhere), open_output(output, kWhere),
                     arithmetic);
  return elementwise(a, b, output, rule, kWhere);
}

}  // namespace zeropoint::integer
