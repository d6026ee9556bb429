// The grids of QuantizeLinear and DequantizeLinear: scales in input 1, zero points in input 2, attributes
// axis and block_size.
#pragma once

#include <vector>

#include "ops/op.h"
#include "tensor/grids.h"

namespace zeropoint {

class GridInputs {
 public:
  /// For codes of type `codes` over the shape of input 0. Throws invalid_model where the shapes do not fit.
  /// Constant scales and zero points are read at once, others at every prepare().
  GridInputs(const OpSite& site, DType codes);

  /// The grids; valid until the next call.
  const Grids& prepare(const KernelIo& io);

 private:
  void read(const Tensor& scale, const Tensor* zero_point);

  Grids grids_;
  std::int64_t count_;
  bool is_constant_;
  Tensor constant_scale_;         // keeps the scales that grids_ points at
  std::vector<float> converted_;  // scales of another type
};

}  // namespace zeropoint
