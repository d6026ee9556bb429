// How long work tells its caller how far it is. The library calls it; the command line draws the bar.
#pragma once

#include <cstdint>
#include <functional>

namespace zeropoint {

/// Called now and then with the units done so far and in total (0: not known). May be empty.
using OnProgress = std::function<void(std::int64_t done, std::int64_t total)>;

}  // namespace zeropoint
