// Arithmetic on float tensors of any width, computed in double and rounded to the type: for passes that fold
// per-channel factors into weights.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "zeropoint/tensor.h"

namespace zeropoint {

/// The elements of a float64, float32, float16 or bfloat16 tensor; nullopt for any other type.
std::optional<std::vector<double>> to_doubles(const Tensor& tensor);

/// Rounded to `dtype`, one of the types above.
Tensor from_doubles(DType dtype, Shape shape, const std::vector<double>& values);

/// weight[i] * factors[channel(i)], in the weight's type.
Tensor scale_channels(const Tensor& weight, const std::vector<double>& factors,
                      const std::function<std::int64_t(std::int64_t element)>& channel);

}  // namespace zeropoint
