// LLM.int8(): int8 rows with their largest magnitude. q = round(w * (127 / absmax)), one float32 product as in the
// library whose files hold it; the difference to a true division is a code now and then.
// Source: Dettmers et al. 2022, "LLM.int8()"; bitsandbytes, int8_vectorwise_quant.
#include <algorithm>
#include <atomic>
#include <limits>
#include <vector>

#include "base/parallel.h"
#include "kernels/minmax/minmax.h"
#include "methods/finite_weight.h"
#include "methods/method.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kGrain = 64 * 1024;  // elements per piece of work
constexpr float kLargestCode = 127;
constexpr float kRoundToInteger = 0x1.8p23F;  // y + it - it is rint(y) for |y| < 2^22, in any vector of floats

WeightScheme scheme(const MethodOptions& o) {
  check_method_options("llm-int8", o, {});
  return AbsmaxRowsScheme{};
}

void quantize_row(const float* x, std::int64_t n, float absmax, std::int8_t* q) {
  const float factor = absmax > 0 ? std::min(kLargestCode / absmax, std::numeric_limits<float>::max()) : 0;
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const float rounded = x[i] * factor + kRoundToInteger - kRoundToInteger;
    q[i] = static_cast<std::int8_t>(static_cast<std::int32_t>(std::clamp(rounded, -kLargestCode, kLargestCode)));
  }
}

QuantizedWeight quantize(const Tensor& weight, const WeightScheme&, const MethodOptions&, const GridStorage&,
                         const std::string& where) {
  AbsmaxRows to{.rows = weight.dim(0), .columns = weight.dim(1)};
  to.codes = Tensor::allocate(DType::i8, weight.shape());
  to.absmax = Tensor::allocate(DType::f32, {to.rows});
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(to.columns, 1));
  auto* codes = to.codes.mutable_data<std::int8_t>();
  auto* absmaxes = to.absmax.mutable_data<float>();
  std::atomic<bool> is_finite = true;
  parallel_ranges(to.rows, grain, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> buffer;
    const float* x = load_f32(weight, begin * to.columns, end * to.columns, buffer);
    for (std::int64_t r = begin; r < end; ++r, x += to.columns) {
      const MinMax range = minmax_f32(x, to.columns);
      if (!range.is_finite) is_finite = false;
      absmaxes[r] = absmax(range);
      quantize_row(x, to.columns, absmaxes[r], codes + r * to.columns);
    }
  });
  if (!is_finite) fail_not_finite(weight, where);
  return to;
}

}  // namespace

Method method_llm_int8() {
  return {.name = "llm-int8",
          .summary = "LLM.int8(): int8 rows; activations with outliers are multiplied in float when it is run",
          .format = "bitsandbytes",
          .scheme = scheme,
          .quantize = quantize};
}

}  // namespace zeropoint
