// A weight that no method can quantize: one with a NaN or an infinity.
#pragma once

#include <string>

#include "zeropoint/tensor.h"

namespace zeropoint {

/// Throws invalid_data naming the first such value: "out.weight has a NaN at [3, 0] (1 of 9408 values)". `where` is
/// file and tensor.
[[noreturn]] void fail_not_finite(const Tensor& weight, const std::string& where);

/// Reads the whole tensor; throws as above when a value is not finite.
void require_finite(const Tensor& weight, const std::string& where);

}  // namespace zeropoint
