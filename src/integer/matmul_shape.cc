#include "integer/matmul_shape.h"

#include "base/fail.h"

namespace zeropoint::integer {
namespace {

Shape leading(const Shape& shape) { return shape.size() <= 2 ? Shape{} : Shape(shape.begin(), shape.end() - 2); }

}  // namespace

MatmulShape::MatmulShape(const Shape& a, const Shape& b, std::string_view where)
    : batch(leading(a), leading(b), where) {
  const bool a_is_row = a.size() == 1;
  const bool b_is_column = b.size() == 1;
  const std::int64_t b_rows = b.empty() ? -1 : b_is_column ? b[0] : b[b.size() - 2];
  k = a.empty() ? -2 : a.back();
  if (k != b_rows) {
    fail(ErrorKind::invalid_data, std::string(where), "shapes {} and {} do not multiply", to_string(a), to_string(b));
  }
  m = a_is_row ? 1 : a[a.size() - 2];
  n = b_is_column ? 1 : b.back();
  result = batch.shape;
  if (!a_is_row) result.push_back(m);
  if (!b_is_column) result.push_back(n);
}

std::int64_t MatmulShape::batches() const { return element_count(batch.shape); }

Broadcast::Offsets MatmulShape::matrices(std::int64_t i) const {
  const std::int64_t length = batch.row_length();
  if (length == 0) return {};
  Broadcast::Offsets at = batch.row_offsets(i / length);
  at.a += i % length * batch.a_step();
  at.b += i % length * batch.b_step();
  return at;
}

}  // namespace zeropoint::integer
