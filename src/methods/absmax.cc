// absmax: symmetric round to nearest. scale = absmax / (2^(bits-1) - 1), q = round(w / scale); equation (8), or (9)
// with the full range.
#include "methods/round_to_nearest.h"

namespace zeropoint {
namespace {

constexpr int kDefaultBits = 8;

WeightScheme scheme(const MethodOptions& o) {
  check_method_options("absmax", o,
                       {.bits = 1, .block_size = 1, .per_tensor = true, .full_range = true, .clip_search = true});
  return MatrixScheme{.bits = o.bits == 0 ? kDefaultBits : o.bits,
                      .symmetric = true,
                      .narrow_range = !o.full_range,
                      .per_tensor = o.per_tensor,
                      .block_size = o.block_size};
}

}  // namespace

Method method_absmax() {
  return {.name = "absmax",
          .summary = "symmetric round to nearest: the largest magnitude gets the largest code",
          .format = "plain",
          .scheme = scheme,
          .quantize = round_weight_to_nearest};
}

}  // namespace zeropoint
