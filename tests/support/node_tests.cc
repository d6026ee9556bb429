#include "support/node_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>

#include "base/fail.h"
#include "executor/program.h"
#include "frontends/onnx.h"
#include "ops/op.h"
#include "support/compare.h"

namespace zeropoint::conformance {
namespace {

namespace fs = std::filesystem;

std::string qualified(const Node& node) {
  return node.domain.empty() ? node.op_type : node.domain + "." + node.op_type;
}

std::string missing_op(const Model& model, const Graph& graph, const std::map<std::string, std::int64_t>& opsets) {
  for (const Node& node : graph.nodes) {
    const auto is_this = [&](const Function& f) { return f.name == node.op_type && f.domain == node.domain; };
    const auto function = std::ranges::find_if(model.functions, is_this);
    if (function != model.functions.end()) {
      const FunctionBody body = parse_function(*function, model.source);
      if (std::string missing = missing_op(model, body.graph, body.opsets); !missing.empty()) return missing;
      continue;
    }
    const auto version = opsets.find(node.domain == "ai.onnx" ? "" : node.domain);
    const std::int64_t opset = version == opsets.end() ? 0 : version->second;
    if (find_op(node.domain, node.op_type, opset) == nullptr)
      return fmt::format("{} (opset {})", qualified(node), opset);
    for (const Attribute& attribute : node.attributes) {
      const auto* body = std::get_if<std::shared_ptr<Graph>>(&attribute.value);
      if (body == nullptr || *body == nullptr) continue;
      if (std::string missing = missing_op(model, **body, opsets); !missing.empty()) return missing;
    }
  }
  return "";
}

std::vector<fs::path> files_of(const fs::path& folder, std::string_view prefix) {
  std::vector<fs::path> files;
  for (std::size_t i = 0;; ++i) {
    fs::path file = folder / fmt::format("{}_{}.pb", prefix, i);
    if (!fs::exists(file)) return files;
    files.push_back(std::move(file));
  }
}

/// nullopt when a file holds something else than a tensor.
std::optional<std::vector<Tensor>> load_all(const std::vector<fs::path>& files) {
  std::vector<Tensor> tensors;
  for (const fs::path& file : files) {
    try {
      tensors.push_back(load_tensor_proto(file));
    } catch (const Error&) {
      return std::nullopt;
    }
  }
  return tensors;
}

std::string run_data_set(Program& program, const std::vector<Tensor>& inputs, const std::vector<Tensor>& expected) {
  const std::vector<Tensor> actual = program.run(inputs);
  for (std::size_t i = 0; i < expected.size() && i < actual.size(); ++i) {
    const std::string text = difference(actual[i], expected[i]);
    if (!text.empty()) return fmt::format("output {}: {}", i, text);
  }
  return expected.size() <= actual.size() ? "" : "there are too few outputs";
}

/// "test_x_expanded" and "test_x_expanded_ver18" are about the same operator as "test_x".
std::string base_name(const std::string& name) { return name.substr(0, name.find("_expanded")); }

}  // namespace

std::string missing_operator(const Model& model) { return missing_op(model, model.graph, model.opsets); }

void unpack(const fs::path& archive, const fs::path& folder) {
  const fs::path done = folder / "unpacked";
  if (fs::exists(done)) return;
  fs::create_directories(folder);
  const std::string command =
      fmt::format("tar --use-compress-program=zstd -xf '{}' -C '{}'", archive.string(), folder.string());
  if (std::system(command.c_str()) != 0) fail(ErrorKind::io, archive.string(), "tar could not unpack it");
  std::ofstream(done) << "";
}

std::vector<NodeTest> find_node_tests(const fs::path& root) {
  std::vector<NodeTest> tests;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().filename() == "model.onnx") {
      const fs::path folder = entry.path().parent_path();
      tests.push_back({.name = folder.filename().string(), .folder = folder, .op_type = ""});
    }
  }
  std::ranges::sort(tests, {}, &NodeTest::name);
  std::map<std::string, std::string> op_of;
  for (NodeTest& test : tests) {
    try {
      const Model model = load_onnx(test.folder / "model.onnx");
      if (!model.graph.nodes.empty()) test.op_type = qualified(model.graph.nodes.front());
    } catch (const Error&) {
      test.op_type = "(not read)";
    }
    op_of[test.name] = test.op_type;
  }
  for (NodeTest& test : tests) {
    const auto base = op_of.find(base_name(test.name));
    if (base != op_of.end()) test.op_type = base->second;
  }
  return tests;
}

Result run(const NodeTest& test) {
  try {
    const Model model = load_onnx(test.folder / "model.onnx");
    const std::string missing = missing_operator(model);
    if (!missing.empty()) return {Outcome::not_offered, missing};
    Program program = Program::compile(model);
    for (const fs::directory_entry& entry : fs::directory_iterator(test.folder)) {
      if (!entry.is_directory()) continue;
      const auto inputs = load_all(files_of(entry.path(), "input"));
      const auto expected = load_all(files_of(entry.path(), "output"));
      if (!inputs || !expected) return {Outcome::not_offered, "a value that is no tensor"};
      const std::string text = run_data_set(program, *inputs, *expected);
      if (!text.empty()) return {Outcome::failed, text};
    }
    return {Outcome::passed, ""};
  } catch (const std::exception& error) {
    return {Outcome::failed, error.what()};
  }
}

std::map<std::string, std::string> read_expected_failures(const fs::path& file) {
  std::map<std::string, std::string> reasons;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) fail(ErrorKind::invalid_data, file.string(), "'{}' has no reason", line);
    reasons[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return reasons;
}

std::string report(const std::vector<NodeTest>& tests, const std::vector<Result>& results,
                   const std::map<std::string, std::string>& expected_failures) {
  struct Count {
    int passed = 0, offered = 0, all = 0;
  };
  Count total;
  std::map<std::string, Count> per_op;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    for (Count* count : {&total, &per_op[tests[i].op_type]}) {
      count->passed += results[i].outcome == Outcome::passed ? 1 : 0;
      count->offered += results[i].outcome != Outcome::not_offered ? 1 : 0;
      ++count->all;
    }
  }
  std::string text = fmt::format(
      "# Conformance with ONNX\n\n"
      "The node tests of the ONNX project, run by the executor. `scripts/conformance` writes this page.\n\n"
      "**{} passed of {} offered, of {} in all.** A test is offered when zeropoint has every operator in it, at the\n"
      "test's opset. Floats agree within a relative 1e-3 (one step of the type for the 16-bit and smaller ones), as "
      "in\n"
      "ONNX's own runner; integers, booleans and strings agree exactly.\n\n"
      "An operator's row includes the tests in which the same result is computed by its expansion into simpler\n"
      "operators.\n\n"
      "| operator | passed | offered | all |\n|---|---|---|---|\n",
      total.passed, total.offered, total.all);
  for (const auto& [op, count] : per_op) {
    text += fmt::format("| {} | {} | {} | {} |\n", op, count.passed, count.offered, count.all);
  }
  text += "\n## Expected failures\n\n";
  if (expected_failures.empty()) text += "None.\n";
  for (const auto& [name, reason] : expected_failures) text += fmt::format("- `{}`: {}\n", name, reason);
  return text;
}

}  // namespace zeropoint::conformance
