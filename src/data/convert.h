// Conversion of data to the element type that a model wants, never silently wrong.
//
// Integers and booleans become floats; floats become another float type, rounded; anything becomes
// an integer type only when every value is whole and fits.
#pragma once

#include <string>

#include "zeropoint/tensor.h"

namespace zeropoint {

/// The same handle when the type is right already. Throws invalid_data naming `where`, the first value
/// that does not fit and the type.
Tensor convert(const Tensor& tensor, DType wanted, const std::string& where);

}  // namespace zeropoint
