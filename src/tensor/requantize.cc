// Codes on one grid to codes on another, by integer or float multipliers, never through real tensors.
#include <algorithm>
#include <array>

#include "base/fail.h"
#include "base/parallel.h"
#include "kernels/requantize/requantize.h"
#include "quant/codes.h"
#include "tensor/grids.h"

namespace zeropoint {
namespace {

/// codes[i] - zero_point as int32. Differences of int32 accumulators saturate: their zero point is 0 in practice.
void subtract_zero_point(const Tensor& q, std::int64_t begin, std::int64_t n, std::int32_t zero_point,
                         std::int32_t* acc) {
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t difference = std::int64_t{load_code(q.dtype(), q.raw(), begin + i)} - zero_point;
    acc[i] = static_cast<std::int32_t>(std::clamp<std::int64_t>(difference, INT32_MIN, INT32_MAX));
  }
}

/// One run of elements that lie on one grid before and on one grid after.
void requantize_run(const Tensor& from, Tensor& to, std::int64_t begin, std::int64_t n, const Rescale& rescale,
                    std::int32_t from_zero_point, const RequantizeTarget& target) {
  constexpr std::int64_t kPiece = 2048;
  std::array<std::int32_t, kPiece> acc;
  void* out = to.mutable_raw();
  for (std::int64_t at = begin; at < begin + n; at += kPiece) {
    const std::int64_t size = std::min(kPiece, begin + n - at);
    subtract_zero_point(from, at, size, from_zero_point, acc.data());
    if (to.dtype() == DType::u8) {
      requantize_s32_u8(acc.data(), size, rescale, target, static_cast<std::uint8_t*>(out) + at);
    } else if (to.dtype() == DType::i8) {
      requantize_s32_i8(acc.data(), size, rescale, target, static_cast<std::int8_t*>(out) + at);
    } else {
      for (std::int64_t i = 0; i < size; ++i) {
        const std::int32_t code = requantize_value(acc[static_cast<std::size_t>(i)], rescale, target.zero_point,
                                                   target.codes, target.arithmetic);
        store_code(to.dtype(), out, at + i, code);
      }
    }
  }
}

}  // namespace

Tensor requantize(const Tensor& q, const TensorQParams& from, const TensorQParams& to, Arithmetic arithmetic) {
  require_integer_codes(from.scheme.dtype, "requantize");
  require_integer_codes(to.scheme.dtype, "requantize");
  require_form(q, from.scheme.dtype, q.shape());
  const Grids source = open_grids(q.shape(), from, "requantize input");
  const Grids target = open_grids(q.shape(), to, "requantize output");
  const bool one_grid = grid_count(target.layout) == 1;
  if (!one_grid && !(source.layout == target.layout)) {
    fail(ErrorKind::invalid_option, "requantize",
         "from {} to {} grids; the output's must be per_tensor or as the input's", name(from.scheme.granularity),
         name(to.scheme.granularity));
  }
  Tensor result = Tensor::allocate(to.scheme.dtype, q.shape());
  result.mutable_raw();
  parallel_ranges(q.size(), chunk_size(source), [&](std::int64_t begin, std::int64_t end) {
    for_each_patch(source.layout, begin, end, [&](const Patch& patch) {
      const bool runs = patch.kind == Patch::Kind::runs;
      const std::int64_t run = runs ? patch.size : 1;
      for (std::int64_t i = 0; i < patch.elements(); i += run) {
        const std::int64_t grid = patch.grid + (runs ? i / patch.size : i % patch.size);
        const std::int64_t target_grid = one_grid ? 0 : grid;
        const Rescale rescale = make_rescale(source.scales[grid], 1.0F, target.scales[target_grid]);
        requantize_run(q, result, patch.begin + i, run, rescale, source.zero_points[static_cast<std::size_t>(grid)],
                       {target.zero_points[static_cast<std::size_t>(target_grid)], target.codes, arithmetic});
      }
    });
  });
  return result;
}

}  // namespace zeropoint
