// The arithmetic of memory layouts: which axis lies where, and whether a change of order moves anything.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "ops/op.h"

namespace zeropoint {

/// Axis i of the result is axis order[i] of the source.
using AxisOrder = std::vector<std::size_t>;

/// Activations of these ranks have a channel axis worth moving.
bool has_channels_last(std::size_t rank);

/// Whether input `index` comes in channels_last because the operator wants it so.
bool comes_channels_last(const OpSpec& spec, std::size_t index, const ValueFacts& input);

/// [N, C, spatial...] -> [N, spatial..., C], and back.
AxisOrder to_channels_last(std::size_t rank);
AxisOrder from_channels_last(std::size_t rank);

AxisOrder inverse(const AxisOrder& order);
Shape reordered(const Shape& shape, const AxisOrder& order);

/// [C, 1, 1] of a broadcast with a tensor of rank 4 -> [1, C, 1, 1]
Shape with_rank(const Shape& shape, std::size_t rank);

/// Only axes of size 1 move: the bytes stay where they are.
bool moves_nothing(const Shape& shape, const AxisOrder& order);

/// Writes the dense tensor of `shape` (input 0) in another order of axes (output 0).
std::unique_ptr<Kernel> make_reorder(const Shape& shape, const AxisOrder& order, DType dtype);
Tensor reordered(const Tensor& tensor, const Shape& shape, const AxisOrder& order);

/// A kernel on plain tensors, also for an operator that wants channels_last: it converts at each run.
std::unique_ptr<Kernel> make_plain_kernel(const OpSpec& spec, const OpSite& site);

}  // namespace zeropoint
