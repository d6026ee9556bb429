// A matrix product of 8-bit codes whose right-hand side is packed once and which then runs on many left-hand sides.
//
// Both operands are taken as differences q - Z, which fit 16 bits with room (kernels/matmul_s16).
#pragma once

#include <functional>
#include <memory>

#include "integer/matmul_shape.h"
#include "integer/operand.h"

namespace zeropoint::integer {

/// Sums of consecutive columns of one row, which are the elements `begin` to begin + n of the result.
struct RowRun {
  std::int32_t* sums = nullptr;
  std::int64_t n = 0;
  std::int64_t column = 0;  // the first, a multiple of kColumnBlock
  std::int64_t begin = 0;
};

class PreparedMatmul {
 public:
  /// True where every sum fits int32 and codes have at most 8 bits: the others are left to the reference.
  static bool takes(const MatmulShape& shape, const Operand& a, const Operand& b);

  /// The right-hand side as run() wants it: int16 [matrices, strips of columns, pairs along k, 32, 2], differences.
  /// `codes` is 8 bits wide.
  static Tensor pack(const MatmulShape& shape, const Tensor& codes, const Operand& b);

  PreparedMatmul(const MatmulShape& shape, std::int32_t a_zero_point, Tensor packed);

  /// Calls sink(run) for every piece of the result, on any thread. `a` is 8 bits wide.
  void run(const Tensor& a, const std::function<void(const RowRun&)>& sink) const;

 private:
  /// Of all rows, each padded to an even length.
  std::unique_ptr<std::int16_t[]> differences(const Tensor& a) const;

  MatmulShape shape_;
  std::int32_t a_zero_point_;
  Tensor packed_;
  std::int64_t pairs_;
};

}  // namespace zeropoint::integer
