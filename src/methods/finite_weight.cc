#include "methods/finite_weight.h"

#include <atomic>
#include <cmath>
#include <vector>

#include "base/fail.h"
#include "base/parallel.h"
#include "kernels/minmax/minmax.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kGrain = 256 * 1024;

std::string index_text(std::int64_t flat, const Shape& shape) {
  Shape index(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0; flat /= shape[axis]) index[axis] = flat % shape[axis];
  return to_string(index);
}

}  // namespace

void fail_not_finite(const Tensor& weight, const std::string& where) {
  std::int64_t first = -1;
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < weight.size(); ++i) {
    if (std::isfinite(load_real(weight.dtype(), weight.raw(), i))) continue;
    if (count++ == 0) first = i;
  }
  const bool is_nan = std::isnan(load_real(weight.dtype(), weight.raw(), first));
  fail(ErrorKind::invalid_data, where, "has {} at {} ({} of {} values), which has no code",
       is_nan ? "a NaN" : "an infinity", index_text(first, weight.shape()), count, weight.size());
}

void require_finite(const Tensor& weight, const std::string& where) {
  std::atomic<bool> is_finite = true;
  parallel_ranges(weight.size(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> buffer;
    const float* x = load_f32(weight, begin, end, buffer);
    if (!minmax_f32(x, end - begin).is_finite) is_finite = false;
  });
  if (!is_finite) fail_not_finite(weight, where);
}

}  // namespace zeropoint
