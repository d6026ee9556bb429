// What a user should hear about a quantization that went through and yet is probably not what was meant.
#pragma once

#include <string>

#include "graph/graph.h"
#include "zeropoint/plan.h"

namespace zeropoint {

/// A sentence when not one node of the plan is quantized; otherwise empty.
std::string nothing_quantized(const QuantPlan& plan);

/// A sentence when `graph`, the model that is to be quantized, holds quantized operators; otherwise empty.
std::string quantized_already(const Graph& graph);

/// The same for a plan, which may find nothing more to quantize.
std::string quantized_already(const Graph& graph, const QuantPlan& plan);

}  // namespace zeropoint
