// add and mul: row by row over the broadcast shape.
#include "base/fail.h"
#include "base/parallel.h"
#include "integer/broadcast.h"
#include "integer/code_rows.h"
#include "integer/rules.h"
#include "quant/codes.h"

namespace zeropoint::integer {
namespace {

constexpr std::int64_t kGrain = 1 << 14;  // elements per piece of work

/// Both inputs and the result of one 8-bit type and one shape: whole vectors at a time.
template <class Code, class Rule>
void in_vectors(const Tensor& a, const Tensor& b, const Rule& rule, Tensor& y) {
  parallel_ranges(y.size(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    row(rule, a.data<Code>() + begin, b.data<Code>() + begin, end - begin, y.mutable_data<Code>() + begin);
  });
}

/// Any types and any broadcast, code by code.
template <class Rule>
void one_by_one(const Tensor& a, const Tensor& b, const Broadcast& walk, const Rule& rule, Tensor& y) {
  const std::vector<std::int32_t> left = codes_of(a);
  const std::vector<std::int32_t> right = codes_of(b);
  const DType dtype = y.dtype();
  void* out = y.mutable_raw();
  const std::int64_t length = walk.row_length();
  // Codes below 8 bits share bytes with their neighbours: one piece writes them all.
  const std::int64_t rows_at_once =
      bits(dtype) < 8 ? walk.rows() : std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(length, 1));
  parallel_ranges(walk.rows(), std::max<std::int64_t>(rows_at_once, 1), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const Broadcast::Offsets at = walk.row_offsets(r);
      const std::int32_t* from_a = left.data() + at.a;
      const std::int32_t* from_b = right.data() + at.b;
      for (std::int64_t i = 0; i < length; ++i) {
        store_code(dtype, out, r * length + i, rule(from_a[i * walk.a_step()], from_b[i * walk.b_step()]));
      }
    }
  });
}

template <class Rule>
QuantizedTensor elementwise(const QuantizedTensor& a, const QuantizedTensor& b, const TensorQParams& output,
                            const Rule& rule, std::string_view where) {
  const Broadcast walk(a.codes.shape(), b.codes.shape(), where);
  QuantizedTensor y{Tensor::allocate(output.scheme.dtype, walk.shape), output};
  const DType dtype = y.codes.dtype();
  const bool is_plain = a.codes.shape() == b.codes.shape() && a.codes.dtype() == dtype && b.codes.dtype() == dtype;
  if (is_plain && dtype == DType::u8) {
    in_vectors<std::uint8_t>(a.codes, b.codes, rule, y.codes);
  } else if (is_plain && dtype == DType::i8) {
    in_vectors<std::int8_t>(a.codes, b.codes, rule, y.codes);
  } else {
    one_by_one(a.codes, b.codes, walk, rule, y.codes);
  }
  return y;
}

}  // namespace

QuantizedTensor add(const QuantizedTensor& a, const QuantizedTensor& b, const TensorQParams& output,
                    Arithmetic arithmetic) {
  constexpr std::string_view kWhere = "integer add";
  const AddRule rule = add_rule(open_operand(a, kOneGrid, kWhere), open_operand(b, kOneGrid, kWhere),
                                open_output(output, kWhere), arithmetic);
  return elementwise(a, b, output, rule, kWhere);
}

QuantizedTensor mul(const QuantizedTensor& a, const QuantizedTensor& b, const TensorQParams& output,
                    Arithmetic arithmetic) {
  constexpr std::string_view kWhere = "integer mul";
  const MulRule rule = mul_rule(open_operand(a, kOneGrid, kWhere), open_operand(b, kOneGrid, kWhere),
                                open_output(output, kWhere), arithmetic);
  return elementwise(a, b, output, rule, kWhere);
}

}  // namespace zeropoint::integer
