#include "cli/arithmetic_option.h"

#include <CLI/CLI.hpp>

namespace zeropoint::cli {

void add_arithmetic_option(CLI::App& app, LinearLayers& to) {
  to = LinearLayers::as_quantized;
  app.add_flag_callback(
      "--float-activations", [&to] { to = LinearLayers::in_float; },
      "a checkpoint of LLM.int8() runs in float32 with its decoded weights, not with int8 activations");
}

}  // namespace zeropoint::cli
