// The element types of safetensors files and their names there.
// Source: safetensors 0.8, `Dtype`. The 6-bit floats of that list are known by name but not offered.
#pragma once

#include <string_view>

#include "zeropoint/dtype.h"

namespace zeropoint {

/// "F32", "BF16", "F8_E4M3"; empty for a type that the format cannot hold (int4 and the like).
std::string_view safetensors_name(DType dtype);

/// The inverse. Throws invalid_model without a place for a word that names no type, unsupported for the 6-bit floats.
DType parse_safetensors_name(std::string_view word);

/// The place of the type in the format's list, wider types later: writers put tensors in falling order.
int safetensors_rank(DType dtype);

}  // namespace zeropoint
