// The weights of a graph that matrix products read: which can be quantized as matrices, and which cannot, and why.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "plan/node_filter.h"

namespace zeropoint {

/// A constant that one MatMul, Gemm or Conv multiplies its input with.
struct WeightTarget {
  int node = -1;
  std::size_t input = 1;  // which one of the node reads the weight
  ValueId activation = kNoValue;
  ValueId constant = kNoValue;     // the weight as the model stores it, before Cast, Transpose and Identity
  std::string name;                // the constant's
  bool is_in_out = false;          // what the node reads is [in, out]; otherwise [out, in...]
  bool is_stored_in_out = false;   // what the model stores is [in, out]
  DType dtype = DType::undefined;  // what the node reads
  Shape shape;                     // what the node reads

  std::int64_t outputs() const { return is_in_out ? shape[1] : shape[0]; }
  std::int64_t inputs() const { return element_count(shape) / outputs(); }
};

/// A product that stays as it is.
struct DeclinedProduct {
  std::string node;
  std::string weight;
  std::string reason;
};

struct WeightTargets {
  std::vector<WeightTarget> targets;  // in the order of the nodes
  std::vector<DeclinedProduct> declined;
};

/// Why a weight of this name must stay as it is; empty when it may be quantized.
using KeepWeight = std::function<std::string(const std::string& weight)>;

/// Products of constants of rank 2 (MatMul, Gemm) or more (Conv in one group) that nothing else reads. Throws as
/// filter_nodes() does.
WeightTargets find_weight_targets(const Model& model, const NodeFilter& filter = {}, const KeepWeight& keep = nullptr);

/// [outputs, inputs] of the stored constant: a view where it is stored so, otherwise a copy in its type.
Tensor weight_matrix(const Graph& graph, const WeightTarget& target);

/// A float32 matrix [outputs, inputs] as the node reads it: its layout, shape and type.
Tensor as_operand(const Tensor& matrix, const WeightTarget& target);

}  // namespace zeropoint
