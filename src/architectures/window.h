// Which layers of a decoder attend to a window of recent tokens only, by config.json.
#pragma once

#include <cstdint>
#include <vector>

#include "checkpoint/config.h"

namespace zeropoint {

/// One window per layer, 0 where a layer sees everything. layer_types decides where it is given; otherwise layers from
/// `first_layer` on have the window.
std::vector<std::int64_t> layer_windows(const Config& config, std::int64_t window, std::int64_t first_layer);

/// The same as Qwen2 and Qwen3 write it: sliding_window counts only with use_sliding_window, from layer
/// max_window_layers on.
std::vector<std::int64_t> qwen_windows(const Config& config);

}  // namespace zeropoint
