// One node on its way from an opset to the next: what a step of the upgrade may look at and change.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fail.h"
#include "graph/graph.h"
#include "passes/known_shapes.h"

namespace zeropoint {

class NodeRewrite {
 public:
  NodeRewrite(Graph& in, Node& rewritten, const KnownShapes& known, DType model_float, std::int64_t version)
      : graph(in), node(rewritten), shapes(known), model_float_(model_float), version_(version) {}

  Graph& graph;
  Node& node;
  const KnownShapes& shapes;
  std::vector<Node> before;  // new nodes, in order, unlabelled
  std::vector<Node> after;

  ValueId input(std::size_t i) const;  ///< refuses when it is absent
  ValueId output() const;              ///< the first; refuses when it is absent
  bool has_input(std::size_t i) const { return i < node.inputs.size() && node.inputs[i] != kNoValue; }
  bool is_read(std::size_t output) const;  // an output that somebody uses

  /// The float type of a value; when it is unknown, that of the model's weights.
  DType float_type(ValueId id) const;

  /// Puts a constant at input `i`, named after the node's first output: "y_axes".
  void set_input(std::size_t i, std::string_view role, Tensor tensor);
  void set_input(std::size_t i, ValueId id);

  /// Moves an attribute of integers to input `i`; nothing when it is absent.
  void ints_to_input(std::string_view attribute, std::size_t i);

  /// Moves a float attribute to input `i` as a scalar of `dtype`; nothing when it is absent.
  void float_to_input(std::string_view attribute, std::size_t i, DType dtype);

  /// A new value between new nodes, named after the node's first output.
  ValueId new_value(std::string_view role);

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(
        ErrorKind::unsupported, node.label,
        fmt::format("cannot be written for opset {}: {}", version_, fmt::format(format, std::forward<Args>(args)...)));
  }

 private:
  std::string stem(std::string_view role) const;

  DType model_float_;
  std::int64_t version_;
};

/// How a node of an older model is written from opset `version` on.
struct OpsetStep {
  std::string_view op_type;
  std::int64_t version;
  void (*apply)(NodeRewrite& at);
};

/// The steps, by subject; upgrade_opset.cc lists them all.
std::span<const OpsetStep> attribute_to_input_steps();
std::span<const OpsetStep> broadcast_steps();
std::span<const OpsetStep> normalization_steps();
std::span<const OpsetStep> resize_steps();
std::span<const OpsetStep> softmax_steps();
std::span<const OpsetStep> renamed_and_refused_steps();

}  // namespace zeropoint
