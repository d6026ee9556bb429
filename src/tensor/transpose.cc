#include "tensor/transpose.h"

#include <algorithm>

#include "base/parallel.h"
#include "kernels/movement/transpose_tile.h"

namespace zeropoint {

Tensor transposed(const Tensor& matrix) {
  constexpr std::int64_t kTile = 64;
  const std::int64_t rows = matrix.dim(0);
  const std::int64_t columns = matrix.dim(1);
  Tensor result = Tensor::allocate(matrix.dtype(), {columns, rows});
  if (matrix.size() == 0) return result;  // the other dimension may be any number
  const auto element = static_cast<std::int64_t>(bits(matrix.dtype()) / 8);
  const auto* from = static_cast<const std::byte*>(matrix.stored());
  auto* to = static_cast<std::byte*>(result.mutable_raw());
  parallel_ranges(columns, kTile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = 0; r < rows; r += kTile) {
      transpose_tile(static_cast<std::size_t>(element), to + (begin * rows + r) * element, rows * element,
                     from + (r * columns + begin) * element, columns * element, end - begin, std::min(kTile, rows - r));
    }
  });
  return result;
}

}  // namespace zeropoint
