// Operands of QLinear* and *Integer operators: codes in one input, their grid in two others.
#pragma once

#include "ops/op.h"
#include "zeropoint/integer.h"

namespace zeropoint {

/// The grids of codes of type `codes`, which lie along `axis` when there are several. An absent zero point is 0, absent
/// scales are 1.
TensorQParams grids_of(DType codes, const Tensor& scales, const Tensor& zero_points, int axis);

/// The codes of input `codes` on the grid of inputs `scale` and `zero_point`; several grids lie along `axis`. An absent
/// zero point is 0; `scale` == `codes` says that there is none: 1.
QuantizedTensor operand(const KernelIo& io, std::size_t codes, std::size_t scale, std::size_t zero_point, int axis);

/// The single grid of a result, whose type is that of the zero point.
TensorQParams output_grid(const Tensor& scale, const Tensor& zero_point);
TensorQParams output_grid(const KernelIo& io, std::size_t scale, std::size_t zero_point);

/// Whether all these inputs are known at plan time, or absent.
bool are_known(const OpSite& site, std::initializer_list<std::size_t> inputs);

/// The constant, or no tensor when the input is absent.
Tensor known(const OpSite& site, std::size_t input);

/// The library's result into the planned output.
void copy_out(const Tensor& result, Tensor& out);

/// Throws unsupported unless the input holds int8 or uint8.
void require_bytes(const OpSite& site, std::size_t input);

/// Throws unsupported unless the scale is a float of 16 bits or more, and invalid_model unless it has one element or
/// `grids`.
void require_scale(const OpSite& site, std::size_t input, std::int64_t grids);

/// Throws invalid_model unless the zero point is absent or has the type of input `codes` and one element or `grids`.
void require_zero_point(const OpSite& site, std::size_t input, std::size_t codes, std::int64_t grids);

}  // namespace zeropoint
