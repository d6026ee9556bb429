// What the parts of the ONNX reader share: where the bytes came from and how deep we are in them.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "graph/graph.h"

namespace zeropoint::onnx_reader {

/// Opens the files beside a model that hold its external tensors, each once.
class ExternalFiles {
 public:
  /// `folder` empty: external data is refused.
  explicit ExternalFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The file that `location` names. Throws invalid_model when it is absolute or leaves the folder,
  /// by "..", or by a symbolic link.
  std::shared_ptr<const MappedFile> open(const std::string& location);

  std::vector<std::string> paths() const;  ///< of the files that were opened

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::shared_ptr<const MappedFile>> files_;
};

struct Source {
  std::shared_ptr<const void> owner;  // keeps the bytes alive
  ExternalFiles external;
};

struct ParsedTensor {
  std::string_view name;
  Tensor tensor;  // no handle: an element type that we do not know
  TensorOrigin origin;
};

/// A TensorProto. Throws invalid_model when its data does not fit its type and shape.
/// `keep_name`: carry the name too, for tensors in attributes, whose name nobody models.
struct TensorOptions {
  bool keep_name = false;
};
ParsedTensor parse_tensor(std::string_view message, Source& source, TensorOptions options = {});

/// A GraphProto. At depth 0 every name must be defined; deeper, undefined names become outer values.
Graph parse_graph(std::string_view message, Source& source, int depth);

Attribute parse_attribute(std::string_view message, Source& source, int depth);

/// Sets dtype, shape and carried_type from a TypeProto.
void parse_type(std::string_view message, Value& value);

/// Name, type and carried fields of a ValueInfoProto.
Value parse_value_info(std::string_view message);

/// Adds the opset that an OperatorSetIdProto imports.
void parse_opset(std::string_view message, std::map<std::string, std::int64_t>& opsets);

/// Fills a graph from its parts; shared by graphs and functions.
struct GraphParts {
  std::vector<std::string_view> nodes;
  std::vector<std::string_view> initializers;         // whole fields
  std::vector<std::string_view> sparse_initializers;  // whole fields
  std::vector<std::string_view> inputs;               // ValueInfoProto messages
  std::vector<std::string_view> outputs;              // ValueInfoProto messages
  std::vector<std::string_view> value_infos;
  std::vector<std::string> input_names;   // of a function, instead of inputs
  std::vector<std::string> output_names;  // of a function, instead of outputs
};
void build_graph(Graph& graph, const GraphParts& parts, Source& source, int depth);

}  // namespace zeropoint::onnx_reader
