// The observers as help and refusals list them.
#pragma once

#include <string>

namespace zeropoint::cli {

std::string observer_names();  ///< "minmax, percentile, mse ..."

}  // namespace zeropoint::cli
