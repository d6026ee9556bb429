// From statistics to numbers: one row of the plan for every tensor that the structure quantizes.
//
// Activations get the range that an observer finds in their statistics, or their fixed one; weights
// their largest magnitude per output channel; biases the product of the two scales. Rounded weights
// shift the mean of a product by E[(W - W') x]; the bias takes that back (Nagel et al. 2019,
// "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.2, with
// measured means). Nothing else in the project chooses a scale for a network.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "observers/observer.h"
#include "plan/structure.h"
#include "zeropoint/plan.h"

namespace zeropoint {

struct ChooseOptions {
  DType activations = DType::u8;  // u8, i8, u16 or i16
  DType weights = DType::i8;      // i8 or u8, always symmetric (zero point 0 or 128)
  bool symmetric_activations = false;
  bool per_tensor = false;     // one grid per weight instead of one per output channel
  bool correct_biases = true;  // add to each bias the mean of what rounding the weights takes away
  std::string observer = "mse";
  ObserverOptions observer_options;
};

struct PlanChoice {
  QuantPlan plan;                     // format "qdq", nodes and tensors filled
  std::vector<std::string> warnings;  // one sentence each, the tensor named first
};

/// Throws invalid_data when `statistics` lack a tensor, invalid_model when a weight is not finite,
/// invalid_option for types that are not offered.
/// Throws invalid_option for types and numbers that no plan can be chosen with.
void check_options(const ChooseOptions& options);

PlanChoice choose_plan(const Graph& graph, const Structure& structure, const Statistics& statistics,
                       const ChooseOptions& options = {});

}  // namespace zeropoint
