// Kernels from the float32 functions of kernels/elementwise: float32 directly, float16 and bfloat16 by widening.
#pragma once

#include <memory>

#include "kernels/elementwise/unary.h"
#include "ops/op.h"

namespace zeropoint {

/// True when input 0 computes as float32: float32 itself, float16, bfloat16.
bool computes_as_f32(const OpSite& site);

/// y = f(x) for such an input.
std::unique_ptr<Kernel> make_unary_f32(const OpSite& site, UnaryF32 f, UnaryParams params);

}  // namespace zeropoint
