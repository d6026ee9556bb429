// Reads ONNX models and tensors from protobuf bytes, which are treated as hostile.
//
// Initializers stay views into the mapped file (or of external data files beside it); what the
// graph does not model is carried as bytes, so that saving gives the same model again.
// Errors are invalid_model, unsupported or io, and name the file, the node or tensor, and the value.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace zeropoint {

/// The whole model, validated: names unique, everything defined, nodes sorted, sizes of tensors right.
Model load_onnx(const std::filesystem::path& path);

/// The same from memory that `owner` keeps alive (null: the caller does, while the model lives).
/// `name` stands for the file in messages. External data is refused: there is no folder to look in.
Model parse_onnx(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, std::string name);

/// A TensorProto file, such as the test data input_0.pb.
Tensor load_tensor_proto(const std::filesystem::path& path);

/// The body of one of the model's own functions, and how a call fills it in.
struct FunctionBody {
  Graph graph;                                 // inputs and outputs in the order of a call's
  std::map<std::string, std::int64_t> opsets;  // that the body is written in
  std::vector<std::string> attributes;         // that a caller may give, without a default
  std::vector<Attribute> defaults;             // that a caller may give, with a default
};
FunctionBody parse_function(const Function& function, const std::string& file);

}  // namespace zeropoint
