// What a Network handle holds: the model as loaded, and what was derived from it on demand.
#pragma once

#include <optional>

#include "executor/program.h"
#include "graph/graph.h"
#include "observers/statistics.h"
#include "zeropoint/zeropoint.h"

namespace zeropoint {

struct Network::Impl {
  Model model;
  std::optional<Program> compiled;  // of model
  std::optional<Model> prepared_model;

  Program& program();       ///< Compiles on the first call.
  const Model& prepared();  ///< Prepares for quantization on the first call.
};

struct Calibration::Impl {
  Statistics statistics;
};

}  // namespace zeropoint
