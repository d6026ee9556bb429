// integer::matmul() with everything but the left-hand side known: checks, packing and multipliers are done once.
#pragma once

#include <string_view>

#include "integer/accumulators.h"
#include "integer/prepared_matmul.h"

namespace zeropoint::integer {

inline constexpr std::string_view kMatmul = "integer matmul";  // in errors

class MatmulLayer {
 public:
  /// `packed` comes from PreparedMatmul::pack(); PreparedMatmul::takes() says which operands are taken. Throws as
  /// matmul(). `bias` is int32 [n] or absent.
  MatmulLayer(const MatmulShape& shape, const Operand& a, const Operand& b, const Tensor& packed, const Tensor& bias,
              const TensorQParams& output, Arithmetic arithmetic);

  /// `codes` has the shape of the result and the type of the output's grid, of at least 8 bits.
  void run(const Tensor& a, Tensor& codes) const;

 private:
  ChannelBias bias_;
  ChannelRequantizer requantizer_;
  PreparedMatmul product_;
};

}  // namespace zeropoint::integer
