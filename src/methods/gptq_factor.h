// The part of GPTQ that depends on the Hessian alone: the order of the columns, and how errors are handed on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zeropoint/tensor.h"

namespace zeropoint {

/// H = (U^T U)^-1 for upper triangular U, columns taken in `order`. Row i of U, divided by U[i, i], says how the
/// columns after i make up for an error in column i.
struct GptqFactor {
  std::vector<std::int64_t> order;  // columns of H, and of W, as they are worked through
  std::vector<std::int64_t> dead;   // columns whose H[i, i] is 0
  Tensor u;                         // float32 [n, n]; what is below the diagonal means nothing
  double damping = 0;               // times the mean of the diagonal
  double added = 0;                 // to the diagonal
  int raises = 0;
};

/// Throws as gptq() does.
GptqFactor factor_hessian(const Tensor& hessian, double damping, bool act_order, const std::string& where);

}  // namespace zeropoint
