// The graph: values and nodes with ONNX operator meaning, held in plain vectors.
//
// A Value is an edge: it has at most one producer and any number of consumers. Constants
// (initializers) are values that carry a tensor, usually a view into the mapped file. Nodes are
// kept in topological order. What the tool does not understand rides along as `carried` protobuf
// bytes and is written back unchanged.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "zeropoint/dtype.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

using ValueId = std::int32_t;
constexpr ValueId kNoValue = -1;  // an optional input or output that is absent

/// One dimension of a declared shape: a number, a symbol ("batch"), or unknown (-1 and no symbol).
struct Dim {
  std::int64_t value = -1;
  std::string symbol;
  std::int64_t longest = -1;  // of an input, where the model's positions end; -1: no bound. Not written to files

  bool operator==(const Dim&) const = default;
};

/// What a TensorProto says besides type, shape and elements.
struct TensorOrigin {
  std::string carried;      // its fields that we do not model: doc_string, metadata_props ...
  bool typed_data = false;  // the elements are in float_data, int32_data ... instead of raw_data
};

struct Value {
  std::string name;
  DType dtype = DType::undefined;         // undefined: not declared, or not a tensor
  std::optional<std::vector<Dim>> shape;  // nullopt: rank unknown
  Tensor constant;                        // holds a tensor when this is an initializer
  bool is_outer = false;                  // in a subgraph: a value of an enclosing graph, by name
  std::int64_t count = -1;                // of an integer input: its elements are in [0, count); -1: any. Not written
  bool is_declared = false;               // has a ValueInfoProto in graph.value_info
  TensorOrigin constant_origin;
  std::string carried_initializer;  // a sparse initializer or one of unknown type: its field of GraphProto, whole
  std::string carried_type;         // a TypeProto that says more than dtype and shape (sequence, map, denotation)
  std::string carried;              // ValueInfoProto fields that we do not model
  std::string carried_output;       // a graph output's ValueInfoProto that says less than dtype and shape
};

class Graph;

/// An attribute's value. Tensors may be views; a subgraph is owned through a shared handle.
using AttributeValue =
    std::variant<std::int64_t, float, std::string, Tensor, std::shared_ptr<Graph>, std::vector<std::int64_t>,
                 std::vector<float>, std::vector<std::string>, std::vector<Tensor>, std::vector<std::shared_ptr<Graph>>,
                 std::monostate>;  // monostate: a kind that we do not model, whole in Attribute::carried

struct Attribute {
  std::string name;
  AttributeValue value;
  std::string ref_attr_name;                 // inside a function: the caller's attribute that gives the value
  std::string carried;                       // AttributeProto fields that we do not model (sparse tensors, types, doc)
  std::vector<TensorOrigin> tensor_origins;  // of the tensors in value, in order; may be shorter
};

struct Node {
  std::string name;
  std::string op_type;
  std::string domain;    // "" is ai.onnx
  std::string overload;  // which of several functions of the same name
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::vector<Attribute> attributes;
  std::string carried;

  const Attribute* find(std::string_view attribute) const;  ///< nullptr when absent

  /// Typed access with a default. A present attribute of another type throws invalid_model naming the node.
  std::int64_t get_int(std::string_view attribute, std::int64_t otherwise) const;
  float get_float(std::string_view attribute, float otherwise) const;
  std::string get_string(std::string_view attribute, std::string_view otherwise) const;
  std::vector<std::int64_t> get_ints(std::string_view attribute, std::vector<std::int64_t> otherwise = {}) const;
  std::vector<float> get_floats(std::string_view attribute, std::vector<float> otherwise = {}) const;
  Tensor get_tensor(std::string_view attribute) const;                 ///< no handle when absent
  std::shared_ptr<Graph> get_graph(std::string_view attribute) const;  ///< nullptr when absent
  std::vector<std::shared_ptr<Graph>> subgraphs() const;               ///< of all attributes, in order

  void set(std::string_view attribute, AttributeValue value);
  void erase(std::string_view attribute);

  std::string label;  // describe()'s answer, filled by the reader and add_node(); used in errors
};

/// An initializer that the file also lists as a graph input, and at which place of that list.
struct InputInitializer {
  ValueId value;
  std::size_t position;
};

class Graph {
 public:
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;      // topological order
  std::vector<ValueId> inputs;  // without initializers
  std::vector<ValueId> outputs;
  std::vector<InputInitializer> input_initializers;  // usual before IR version 4; position ascending
  std::string carried;

  Value& value(ValueId id) { return values[static_cast<std::size_t>(id)]; }
  const Value& value(ValueId id) const { return values[static_cast<std::size_t>(id)]; }

  ValueId add_value(Value value);  ///< The name must be new; throws internal otherwise.
  ValueId add_constant(std::string name, Tensor tensor);
  ValueId find(std::string_view name) const;  ///< kNoValue when there is none
  void rename(ValueId id, std::string name);
  std::string fresh_name(std::string_view stem) const;  ///< stem, or stem_1, stem_2 ...: not used yet

  /// "node 'conv1' (Conv)"; an unnamed node is named after its first output.
  std::string describe(const Node& node) const;

  /// Puts the node, labelled, before nodes[position] (default: at the end) and returns it.
  Node& add_node(Node node, std::size_t position = static_cast<std::size_t>(-1));

  bool is_constant(ValueId id) const { return id != kNoValue && static_cast<bool>(value(id).constant); }
  bool is_output(ValueId id) const;

  /// Replaces every use of `from` (node inputs, graph outputs, subgraph captures) by `to`.
  void replace_uses(ValueId from, ValueId to);

  /// Removes nodes whose flag is set, keeping order. `dead.size() == nodes.size()`.
  void erase_nodes(const std::vector<bool>& dead);

  /// Forgets values, initializers too, that are no input or output of the graph and that no node makes or
  /// reads. Ids change; ids held elsewhere become invalid.
  void erase_unused_values();

  /// Sorts nodes topologically (stable). Throws invalid_model naming a node on a cycle or a missing value.
  void sort();

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, ValueId, NameHash, std::equal_to<>> by_name_;
};

/// Names of the enclosing graph's values that the node's subgraphs read, each once, in order of first use.
std::vector<std::string> captures(const Node& node);

/// In a subgraph that was just read: values that nothing defines belong to an enclosing graph.
void mark_outer_values(Graph& subgraph);

/// Throws invalid_model when a subgraph, at any depth, reads a value that no graph around it defines.
void check_captures(const Graph& graph);

/// A copy that shares tensors but no subgraph.
Graph deep_copy(const Graph& graph);

/// Who makes and who reads each value: an index that is computed once and thrown away after edits.
struct Uses {
  explicit Uses(const Graph& graph);

  struct Use {
    int node;   // index into graph.nodes; kGraphOutput for a graph output
    int input;  // which input, or -1 for a capture by a subgraph
  };
  static constexpr int kGraphOutput = -1;

  std::vector<int> producer;  // node index per value, -1 for inputs and constants
  std::vector<std::vector<Use>> consumers;

  /// The only node that reads `id`, or -1 when there are several or it is a graph output.
  int single_consumer(ValueId id) const;
};

/// A function of the model's own (FunctionProto), kept as bytes and parsed when it is inlined.
struct Function {
  std::string domain;
  std::string name;
  std::string overload;
  std::string proto;
};

struct Model {
  Graph graph;
  std::map<std::string, std::int64_t> opsets;  // domain ("" is ai.onnx) -> version
  std::int64_t ir_version = 0;
  std::vector<Function> functions;
  std::string carried;                      // metadata_props, training_info, doc_string, unknown fields
  std::string source;                       // file name for messages; never written
  std::vector<std::string> external_files;  // where the input kept tensors; empty: all were in the model

  std::int64_t opset(std::string_view domain = "") const;  ///< 0 when not imported
};

}  // namespace zeropoint
