// An option whose value is the name of an element type.
#pragma once

#include <string>
#include <string_view>

#include "zeropoint/tensor.h"

namespace zeropoint::cli {

/// Throws invalid_option naming `option`; a name that is wrong only in its capitals is answered with the right one.
DType dtype_option(std::string_view option, const std::string& word);

/// One that codes may have.
DType codes_dtype_option(std::string_view option, const std::string& word);

}  // namespace zeropoint::cli
