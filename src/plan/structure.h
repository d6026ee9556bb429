// Which nodes are quantized and which tensors share a grid: decided from the graph alone, before
// any data is seen.
//
// A tensor is quantized when integer arithmetic reads it. Matrix products ask for their inputs;
// elementwise nodes join when they sit between integer nodes; nodes that only move values pass the
// request on and share scale and zero point. What follows a product and needs no grid of its own
// (a constant bias, Relu, Clip) is its tail: the grid is that of the tail's result.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "plan/node_filter.h"
#include "plan/op_rules.h"
#include "zeropoint/plan.h"

namespace zeropoint {

struct StructureOptions {
  NodeFilter filter;
  bool quantize_outputs = false;  // round the float graph outputs too
};

/// Tensors with one scale and zero point.
struct Grid {
  std::vector<ValueId> members;  // in the order in which they are computed
  std::vector<ValueId> roots;    // the members that are computed, not moved: their values are what the grid must cover
  FixedRange fixed = FixedRange::none;
};

struct PlannedWeight {
  ValueId value = kNoValue;
  int axis = -1;              // of the output channels; -1: one grid for the whole weight
  bool has_conflict = false;  // one grid because the users disagree about the axis
  std::vector<int> users;     // nodes
};

/// An int32 bias: its scale is that of `input` times that of `weight`, channel by channel.
struct QuantizedBias {
  ValueId value = kNoValue;
  ValueId input = kNoValue;
  ValueId weight = kNoValue;
  int node = -1;
};

struct Structure {
  std::vector<PlanNode> nodes;  // one per graph node, in the graph's order
  std::vector<Grid> grids;
  std::vector<PlannedWeight> weights;
  std::vector<QuantizedBias> biases;
};

/// `graph` must be prepared (plan/prepare.h). Throws invalid_option for a pattern that matches nothing.
Structure decide_structure(const Graph& graph, const StructureOptions& options = {});

/// The tensors whose values calibration must observe: the roots of every grid that is not fixed.
std::vector<std::string> tensors_to_observe(const Graph& graph, const Structure& structure);

/// The tensors whose channels' means correct the biases: the inputs of Conv and Gemm that have an int32 bias.
std::vector<std::string> tensors_with_channels(const Graph& graph, const Structure& structure);

}  // namespace zeropoint
