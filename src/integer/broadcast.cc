#include "integer/broadcast.h"

#include <algorithm>

#include "base/fail.h"

namespace zeropoint::integer {
namespace {

/// Strides of `shape` inside a broadcast result of rank `rank`.
std::vector<std::int64_t> repeated_strides(const Shape& shape, std::size_t rank) {
  std::vector<std::int64_t> strides(rank, 0);
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1) strides[rank - shape.size() + i] = stride;
    stride *= shape[i];
  }
  return strides;
}

std::int64_t dim_from_the_right(const Shape& shape, std::size_t i) {
  return i < shape.size() ? shape[shape.size() - 1 - i] : 1;
}

}  // namespace

Broadcast::Broadcast(const Shape& a, const Shape& b, std::string_view where) {
  const std::size_t rank = std::max(a.size(), b.size());
  shape.resize(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t left = dim_from_the_right(a, i);
    const std::int64_t right = dim_from_the_right(b, i);
    if (left != right && left != 1 && right != 1) {
      fail(ErrorKind::invalid_data, std::string(where), "shapes {} and {} do not broadcast", to_string(a),
           to_string(b));
    }
    shape[rank - 1 - i] = left == 1 ? right : left;
  }
  a_strides = repeated_strides(a, rank);
  b_strides = repeated_strides(b, rank);
}

std::int64_t Broadcast::rows() const {
  return shape.empty() ? 1 : element_count(Shape(shape.begin(), shape.end() - 1));
}

Broadcast::Offsets Broadcast::row_offsets(std::int64_t row) const {
  Offsets at;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (i + 1 == shape.size()) continue;
    at.a += row % shape[i] * a_strides[i];
    at.b += row % shape[i] * b_strides[i];
    row /= shape[i];
  }
  return at;
}

}  // namespace zeropoint::integer
