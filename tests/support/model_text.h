// Models out of graph text, for the tests of passes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "graph/graph.h"
#include "graph/text.h"
#include "passes/passes.h"

namespace zeropoint::testing {

inline Model model_of(std::string_view text, std::int64_t opset = 13) {
  Model model;
  model.graph = parse_graph(text);
  model.ir_version = 8;
  model.opsets[""] = opset;
  model.source = "test.onnx";
  return model;
}

/// "node 'bn' (BatchNormalization): folded into ...", one line per note.
inline std::string lines(const std::vector<PassNote>& notes) {
  std::string text;
  for (const PassNote& note : notes) text += note.node + ": " + note.text + "\n";
  return text;
}

}  // namespace zeropoint::testing
