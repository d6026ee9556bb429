// Passes: rewrites of a model that keep its meaning. Each says what it did and what it left alone, and why.
//
// They work on the main graph and on all subgraphs. ValueIds and node indices taken before a pass
// are invalid after it. Tests give text graphs (graph/text.h) and compare text.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace zeropoint {

struct PassNote {
  std::string node;  // its label: "node 'bn1' (BatchNormalization)"
  std::string text;  // what was done, or why not; "folded into node 'conv1' (Conv)"
};

struct PassReport {
  std::vector<PassNote> done;
  std::vector<PassNote> declined;
};

/// Removes nodes whose outputs nobody reads, and values that nobody makes or reads.
PassReport remove_dead_code(Model& model);

/// Removes Identity, and Dropout as it acts in inference.
PassReport remove_identities(Model& model);

struct FoldConstantsOptions {
  std::size_t max_growth_bytes = 1 << 20;  // a result may be this much larger than its inputs
};

/// Computes nodes that read constants only and turns Constant nodes into initializers. QuantizeLinear
/// and DequantizeLinear stay: they are what a quantized model says about its weights.
PassReport fold_constants(Model& model, const FoldConstantsOptions& options = {});

/// Folds BatchNormalization into the Conv, ConvTranspose, Gemm or MatMul before it:
/// f = scale / sqrt(var + epsilon); W' = W f per output channel; b' = (b - mean) f + B (Jacob et al. 2018,
/// section 3.2). Computed in double, rounded to the weight's type. Values named in `keep` stay as they are.
PassReport fold_batch_norm(Model& model, const std::set<std::string>& keep = {});

/// Replaces calls of the model's own functions by their bodies and drops the functions.
/// Throws invalid_model when functions call each other in a circle, unsupported when a body cannot stand
/// in the model (another opset).
PassReport inline_functions(Model& model);

/// Rewrites a model of opset 6 or later to `opset` of ai.onnx, and raises the IR version to what that needs.
/// Functions are inlined. A model that is there already stays as it is. Throws unsupported naming the
/// node that prevents it; the model is then unchanged.
PassReport upgrade_opset(Model& model, std::int64_t opset);

}  // namespace zeropoint
