// The node tests of the ONNX project (onnx/backend/test): a model of one operator or few, inputs, and
// the outputs that the reference gives.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace zeropoint::conformance {

enum class Outcome {
  passed,
  failed,       // a wrong result, or an error although every operator is offered
  not_offered,  // an operator at this opset, or a kind of value (sequence, optional), that zeropoint does not have
};

struct NodeTest {
  std::string name;
  std::filesystem::path folder;
  std::string op_type;  // the operator that the test is about; "domain.op" outside ai.onnx
};

struct Result {
  Outcome outcome;
  std::string message;  // why it failed, or what is not offered
};

/// Unpacks `archive` (tar.zst) into `folder` unless that was done before. Throws io when tar fails.
void unpack(const std::filesystem::path& archive, const std::filesystem::path& folder);

/// "Conv (opset 11)": the first operator of the model that is not offered, subgraphs and the model's own functions
/// included; "" when all are.
std::string missing_operator(const Model& model);

/// Every folder below `root` that holds a model.onnx, sorted by name.
std::vector<NodeTest> find_node_tests(const std::filesystem::path& root);

/// Runs all test data sets of one test.
Result run(const NodeTest& test);

/// "test_name: reason" lines; '#' begins a comment. Throws invalid_data for a line without a reason.
std::map<std::string, std::string> read_expected_failures(const std::filesystem::path& file);

/// docs/conformance.md.
std::string report(const std::vector<NodeTest>& tests, const std::vector<Result>& results,
                   const std::map<std::string, std::string>& expected_failures);

}  // namespace zeropoint::conformance
