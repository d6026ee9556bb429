// A matrix with rows and columns exchanged.
#pragma once

#include "zeropoint/tensor.h"

namespace zeropoint {

/// [rows, columns] as [columns, rows], in the same type. Elements have whole bytes.
Tensor transposed(const Tensor& matrix);

}  // namespace zeropoint
