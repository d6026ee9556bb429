// zero-point: affine round to nearest. The smallest weight gets the lowest code, the largest the highest; equations (1)
// and (2).
#include "methods/round_to_nearest.h"

namespace zeropoint {
namespace {

constexpr int kDefaultBits = 8;

WeightScheme scheme(const MethodOptions& o) {
  check_method_options("zero-point", o, {.bits = 1, .block_size = 1, .per_tensor = true, .clip_search = true});
  return MatrixScheme{.bits = o.bits == 0 ? kDefaultBits : o.bits,
                      .symmetric = false,
                      .per_tensor = o.per_tensor,
                      .block_size = o.block_size};
}

}  // namespace

Method method_zero_point() {
  return {.name = "zero-point",
          .summary = "affine round to nearest: smallest and largest weight get the lowest and the highest code",
          .format = "plain",
          .scheme = scheme,
          .quantize = round_weight_to_nearest};
}

}  // namespace zeropoint
