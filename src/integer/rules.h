// From opened operands to the rules of single elements. Shared by the fast functions and their
// references, which differ in how they walk over tensors.
#pragma once

#include <cstdint>

#include "integer/operand.h"
#include "quant/pair_rules.h"
#include "zeropoint/quant.h"

namespace zeropoint::integer {

AddRule add_rule(const Operand& a, const Operand& b, const Operand& y, Arithmetic arithmetic);

/// Throws invalid_data when a product of differences can leave int32.
MulRule mul_rule(const Operand& a, const Operand& b, const Operand& y, Arithmetic arithmetic);

/// M for the mean of `count` values: S_x / (S_y count).
Rescale mean_rescale(const Operand& x, const Operand& y, std::int64_t count);

}  // namespace zeropoint::integer
