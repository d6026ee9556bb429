#include "architectures/decoder.h"
#include "architectures/window.h"

namespace zeropoint {
namespace {

void define(GraphBuilder& builder) {
  const Config& config = builder.config();
  add_decoder(builder, {.window = layer_windows(config, config.integer("sliding_window", 0), 0)});
}

}  // namespace

Architecture architecture_mistral() {
  return {
      .model_type = "mistral", .summary = "Llama with a sliding window where config.json has one", .define = define};
}

}  // namespace zeropoint
