// Are two tensors the same result? Integers, booleans and strings exactly; floats within the tolerance
// of ONNX's own runner, or one step of the type where its steps are coarser.
#pragma once

#include <string>

#include "zeropoint/tensor.h"

namespace zeropoint::conformance {

struct Tolerance {
  double relative = 1e-3;
  double absolute = 1e-7;
};

/// "" when they agree, else the first difference in words.
std::string difference(const Tensor& actual, const Tensor& expected, Tolerance tolerance = {});

}  // namespace zeropoint::conformance
