// A model that is run piece by piece over a set of samples, while its weights change on the way.
//
// advance() computes, for every sample, what a value depends on and no more. Of what was computed, only values that
// later pieces read are kept. Between two pieces the caller may give nodes that have not run other weights: all that
// follows sees them. That is how layers are quantized one after the other, each on the inputs that the quantized
// layers before it produce.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "executor/program.h"
#include "graph/graph.h"

namespace zeropoint {

class StagedRun {
 public:
  /// `samples`: the model's inputs, in order, one set per sample. `stops`: all values that advance() will be asked for.
  /// The graph's constants are shared; the model itself is not changed.
  StagedRun(const Model& model, std::vector<std::vector<Tensor>> samples, std::span<const ValueId> stops);

  /// Computes `stop` for every sample and calls each(sample's value) in order. Throws what Program throws, and
  /// interrupted.
  void advance(ValueId stop, const std::function<void(const Tensor& value)>& each);

  /// Makes a node read `tensor` from now on. Once the node has run for all samples, the tensor is let go.
  void replace_input(int node, std::size_t input, Tensor tensor);

  std::int64_t samples() const { return static_cast<std::int64_t>(count_); }

 private:
  std::vector<int> missing_nodes(ValueId stop) const;
  std::vector<ValueId> read_by(int node) const;
  Model stage(const std::vector<int>& nodes, std::vector<ValueId>& inputs, std::vector<ValueId>& outputs) const;
  void run_stage(const std::vector<int>& nodes);
  void forget_what_nobody_reads();

  Graph graph_;
  std::map<std::string, std::int64_t> opsets_;
  std::string source_;
  std::size_t count_;
  std::vector<int> producer_;                    // per value
  std::vector<bool> is_needed_;                  // per node: some stop depends on it
  std::vector<bool> has_run_;                    // per node
  std::vector<ValueId> stops_;                   // still to come
  std::map<ValueId, std::vector<Tensor>> live_;  // per sample
};

}  // namespace zeropoint
