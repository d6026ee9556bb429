#include "plan/bias_correction.h"

#include <algorithm>
#include <span>

namespace zeropoint {
namespace {

// E[(W - W') x] per output channel: the sum over input channels of the error's sum times the channel's mean,
// in double, in memory order. Padding is not counted: its zeros make the correction slightly too large.
Tensor conv_correction(const Tensor& error, std::span<const double> means, std::int64_t groups) {
  const std::int64_t outputs = error.dim(0);
  const std::int64_t inputs = error.dim(1);
  const std::int64_t taps = error.size() / std::max<std::int64_t>(outputs * inputs, 1);
  Tensor correction = Tensor::allocate(DType::f32, {outputs});
  const float* e = error.data<float>();
  for (std::int64_t o = 0; o < outputs; ++o) {
    const std::int64_t first = o / (outputs / groups) * inputs;  // the group's first input channel
    double shift = 0;
    for (std::int64_t i = 0; i < inputs; ++i) {
      double sum = 0;
      for (std::int64_t t = 0; t < taps; ++t) sum += *e++;
      shift += sum * means[static_cast<std::size_t>(first + i)];
    }
    correction.mutable_data<float>()[o] = static_cast<float>(shift);
  }
  return correction;
}

Tensor gemm_correction(const Tensor& error, std::span<const double> means, bool outputs_first) {
  const std::int64_t outputs = error.dim(outputs_first ? 0 : 1);
  const std::int64_t inputs = error.dim(outputs_first ? 1 : 0);
  Tensor correction = Tensor::allocate(DType::f32, {outputs});
  for (std::int64_t o = 0; o < outputs; ++o) {
    double shift = 0;
    for (std::int64_t i = 0; i < inputs; ++i) {
      const std::int64_t at = outputs_first ? o * inputs + i : i * outputs + o;
      shift += static_cast<double>(error.data<float>()[at]) * means[static_cast<std::size_t>(i)];
    }
    correction.mutable_data<float>()[o] = static_cast<float>(shift);
  }
  return correction;
}

}  // namespace

Tensor bias_correction(const Node& node, const Tensor& weight_error, const ChannelMeans* known) {
  if (known == nullptr || known->sums().empty()) return {};
  const std::vector<double> means = known->means();
  const auto channels = static_cast<std::int64_t>(means.size());
  if (node.op_type == "Conv") {
    const std::int64_t groups = node.get_int("group", 1);
    const bool fits = groups > 0 && weight_error.dim(1) * groups == channels && weight_error.dim(0) % groups == 0;
    return fits ? conv_correction(weight_error, means, groups) : Tensor();
  }
  if (node.op_type != "Gemm" || node.get_int("transA", 0) != 0) return {};
  const bool outputs_first = node.get_int("transB", 0) != 0;
  return weight_error.dim(outputs_first ? 1 : 0) == channels ? gemm_correction(weight_error, means, outputs_first)
                                                             : Tensor();
}

}  // namespace zeropoint
