// GPTQ as users ask for it.
#pragma once

#include "methods/gptq.h"
#include "methods/method.h"

namespace zeropoint {

/// Throws invalid_option for options of other methods. Grids always have the full range and are chosen by squared
/// error, whatever full_range and clip_search say.
GptqOptions gptq_options(const MethodOptions& options);

}  // namespace zeropoint
