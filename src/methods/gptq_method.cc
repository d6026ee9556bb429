#include "methods/gptq_method.h"

#include "base/fail.h"

namespace zeropoint {
namespace {

WeightScheme scheme(const MethodOptions& options) { return gptq_scheme(gptq_options(options)); }

}  // namespace

GptqOptions gptq_options(const MethodOptions& o) {
  check_method_options("gptq", o,
                       {.bits = 1,
                        .block_size = 1,
                        .per_tensor = true,
                        .full_range = true,
                        .affine = true,
                        .act_order = true,
                        .static_groups = true,
                        .clip_search = true,
                        .damping = 1.0});
  if (o.static_groups && !o.act_order) {
    fail(ErrorKind::invalid_option, "--static-groups", "has no use without --act-order, whose groups it fixes");
  }
  GptqOptions options{.block_size = o.block_size,
                      .per_tensor = o.per_tensor,
                      .symmetric = !o.affine,
                      .act_order = o.act_order,
                      .static_groups = o.static_groups};
  if (o.bits != 0) options.bits = o.bits;
  if (o.damping) options.damping = *o.damping;
  return options;
}

Method method_gptq() {
  return {.name = "gptq",
          .summary = "column by column, errors made up for in the columns behind; needs --data",
          .format = "gptq",
          .needs_data = true,
          .scheme = scheme};
}

}  // namespace zeropoint
