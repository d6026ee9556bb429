// Gives every matrix product a bias of its own.
//
// An int32 bias has the scale of its product's input times that of its weight, so that two products
// can share the float numbers but not the codes. Exporters do share them, above all zeros.
#pragma once

#include "passes/passes.h"

namespace zeropoint {

/// Conv, ConvTranspose and Gemm of the main graph whose constant bias has other readers get it under
/// a new name; the first reader keeps the original. The numbers are viewed, not copied.
PassReport unshare_biases(Model& model);

}  // namespace zeropoint
