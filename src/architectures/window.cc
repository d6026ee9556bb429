#include "architectures/window.h"

#include "architectures/decoder.h"
#include "base/fail.h"

namespace zeropoint {

std::vector<std::int64_t> layer_windows(const Config& config, std::int64_t window, std::int64_t first_layer) {
  const std::int64_t layers = layer_count(config);
  std::vector<std::int64_t> windows(static_cast<std::size_t>(layers), 0);
  if (window <= 0) return windows;
  const std::vector<std::string> types = config.texts("layer_types");
  if (!types.empty() && std::ssize(types) != layers) {
    fail(ErrorKind::invalid_data, config.where(), "'layer_types' names {} layers of {}", types.size(), layers);
  }
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const bool is_sliding =
        types.empty() ? static_cast<std::int64_t>(i) >= first_layer : types[i] == "sliding_attention";
    windows[i] = is_sliding ? window : 0;
  }
  return windows;
}

std::vector<std::int64_t> qwen_windows(const Config& config) {
  constexpr std::int64_t kDefaultFirstLayer = 28;
  if (!config.flag("use_sliding_window", false)) return {};
  return layer_windows(config, config.integer("sliding_window", 0),
                       config.integer("max_window_layers", kDefaultFirstLayer));
}

}  // namespace zeropoint
