// What MatMul and Gemm share: matrices inside tensors, and the kernel that multiplies them.
#pragma once

#include <memory>
#include <vector>

#include "onednn/activation.h"
#include "ops/op.h"

namespace zeropoint {

/// A matrix inside a tensor: element [i, j] is at offset + i * row_step + j * column_step.
struct MatrixView {
  std::int64_t offset = 0;
  std::int64_t row_step = 0;
  std::int64_t column_step = 0;
};

/// The operands as stacks of matrices: a vector on the left is a row, on the right a column.
struct MatrixStacks {
  Shape a;       // [batch..., m, k]
  Shape b;       // [batch..., k, n]
  Shape batch;   // broadcast
  Shape result;  // without the axes that stood in for a vector
};

/// Throws invalid_model naming the node when `a` and `b` cannot be multiplied.
MatrixStacks matrix_stacks(const OpSite& site, Shape a, Shape b);

/// One product c = a b of a node; several products may read the same b.
struct ProductItem {
  MatrixView a;
  std::size_t b = 0;   // which of ProductPlan::b
  std::int64_t c = 0;  // offset; c is dense
};

struct ProductPlan {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::vector<MatrixView> b;
  std::vector<ProductItem> items;
  float alpha = 1;
  float beta = 1;  // factor of the addend (input 2)
  Shape addend;    // its shape, which broadcasts to [m, n]; used when the node has input 2
  Activation activation;
};

/// Inputs 0 and 1 are the factors, input 2 (when present) is added. Integers wrap.
std::unique_ptr<Kernel> make_product(const OpSite& site, ProductPlan plan);

}  // namespace zeropoint
