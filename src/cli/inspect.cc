// zeropoint inspect: what is in a model file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/json_text.h"
#include "cli/command.h"
#include "cli/table.h"
#include "frontends/onnx.h"
#include "graph/text.h"
#include "ops/op.h"
#include "report/inventory.h"

namespace zeropoint::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string model;
  bool prints_graph = false;
  bool prints_tensors = false;
};

std::string bytes_text(std::uint64_t bytes) {
  static constexpr std::pair<double, std::string_view> kUnits[] = {{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}};
  for (const auto& [size, unit] : kUnits) {
    if (static_cast<double>(bytes) >= size) return fmt::format("{:.2f} {}", static_cast<double>(bytes) / size, unit);
  }
  return fmt::format("{} bytes", bytes);
}

std::string shape_text(const Value& value) {
  if (!value.shape) return "?";
  std::string text = "[";
  for (const Dim& dim : *value.shape) {
    if (text.size() > 1) text += ", ";
    text += dim.value >= 0 ? std::to_string(dim.value) : dim.symbol.empty() ? "?" : dim.symbol;
  }
  return text + "]";
}

Json values_json(const Graph& graph, const std::vector<ValueId>& ids) {
  Json list = Json::array();
  for (const ValueId id : ids) {
    const Value& value = graph.value(id);
    list.push_back({{"name", value.name}, {"type", name(value.dtype)}, {"shape", shape_text(value)}});
  }
  return list;
}

void add_values(Table& table, std::string_view role, const Graph& graph, const std::vector<ValueId>& ids) {
  for (const ValueId id : ids) {
    const Value& value = graph.value(id);
    table.add({std::string(role), value.name, std::string(name(value.dtype)), shape_text(value)});
  }
}

std::string grid_text(const QuantizedValue& tensor) {
  if (tensor.block_size > 0) return fmt::format("blocks of {} along axis {}", tensor.block_size, tensor.axis);
  return tensor.grids == 1 ? "per tensor" : fmt::format("per axis {} ({})", tensor.axis, tensor.grids);
}

Json to_json(const Options& options, const Model& model, const Inventory& inventory) {
  Json opsets = Json::object();
  for (const auto& [domain, version] : model.opsets) opsets[domain.empty() ? "ai.onnx" : domain] = version;
  Json nodes = Json::array();
  for (const OpCount& row : inventory.ops) {
    nodes.push_back(
        {{"operator", row.op_type}, {"domain", row.domain}, {"count", row.count}, {"offered", row.is_offered}});
  }
  Json types = Json::array();
  for (const TypeCount& row : inventory.types) {
    types.push_back(
        {{"type", name(row.dtype)}, {"tensors", row.tensors}, {"elements", row.elements}, {"bytes", row.bytes}});
  }
  Json quantized = Json::array();
  for (const QuantizedValue& row : inventory.quantized) {
    quantized.push_back({{"tensor", row.name},
                         {"constant", row.is_constant},
                         {"type", name(row.dtype)},
                         {"grids", row.grids},
                         {"axis", row.axis},
                         {"block_size", row.block_size},
                         {"min_scale", row.min_scale},
                         {"max_scale", row.max_scale}});
  }
  return {{"model", options.model},
          {"ir_version", model.ir_version},
          {"opsets", opsets},
          {"inputs", values_json(model.graph, model.graph.inputs)},
          {"outputs", values_json(model.graph, model.graph.outputs)},
          {"nodes", nodes},
          {"parameters", inventory.parameters},
          {"parameter_bytes", inventory.parameter_bytes},
          {"constants", types},
          {"quantized_tensors", quantized}};
}

void print_summary(const Options& options, const Model& model, const Inventory& inventory, const Output& out) {
  std::string opsets;
  for (const auto& [domain, version] : model.opsets) {
    opsets += fmt::format("{}{}{}", opsets.empty() ? "" : ", ", domain.empty() ? "" : domain + " ", version);
  }
  out.text(wrap(fmt::format("{}: IR {}, opset {}", options.model, model.ir_version, opsets), 2) + "\n");
  out.text(fmt::format("{} nodes, {} parameters in {}{}\n\n", inventory.nodes, inventory.parameters,
                       bytes_text(inventory.parameter_bytes), model.external_files.empty() ? "" : " (in other files)"));

  Table values({{""}, {"name", false, true}, {"type"}, {"shape", false, true}});
  add_values(values, "input", model.graph, model.graph.inputs);
  add_values(values, "output", model.graph, model.graph.outputs);
  out.text(values.render() + "\n");

  Table ops({{"operator", false, true}, {"nodes", true}, {""}});
  for (const OpCount& row : inventory.ops) {
    const std::string full = row.domain.empty() ? row.op_type : row.domain + "." + row.op_type;
    ops.add({full, std::to_string(row.count), row.is_offered ? "" : "not executed here"});
  }
  if (!ops.empty()) out.text(ops.render() + "\n");

  Table types({{"constants"}, {"tensors", true}, {"elements", true}, {"size", true}});
  for (const TypeCount& row : inventory.types) {
    types.add({std::string(name(row.dtype)), std::to_string(row.tensors), std::to_string(row.elements),
               bytes_text(row.bytes)});
  }
  if (!types.empty()) out.text(types.render() + "\n");

  const auto constants = std::count_if(inventory.quantized.begin(), inventory.quantized.end(),
                                       [](const QuantizedValue& t) { return t.is_constant; });
  const auto all = static_cast<std::ptrdiff_t>(inventory.quantized.size());
  out.text(fmt::format("quantized tensors: {} constants, {} activations\n", constants, all - constants));
}

void print_tensors(const Inventory& inventory, const Output& out) {
  Table table({{"tensor", false, true}, {"type"}, {"grid"}, {"min scale", true}, {"max scale", true}});
  for (const QuantizedValue& row : inventory.quantized) {
    table.add({row.name, std::string(name(row.dtype)), grid_text(row), fmt::format("{:.4g}", row.min_scale),
               fmt::format("{:.4g}", row.max_scale)});
  }
  if (!table.empty()) out.text("\n" + table.render());
}

void inspect(const Options& options, const Output& out) {
  const Model model = load_onnx(options.model);
  if (options.prints_graph && !out.is_json()) {
    out.text(print_graph(model.graph));
    return;
  }
  const Inventory inventory = take_inventory(model);
  if (out.is_json()) {
    Json document = to_json(options, model, inventory);
    if (options.prints_graph) document["graph"] = print_graph(model.graph);
    out.json(json_text(document));
    return;
  }
  print_summary(options, model, inventory, out);
  if (options.prints_tensors) print_tensors(inventory, out);
}

Action define(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("model", options->model, "an ONNX model")->required()->type_name("MODEL");
  app.add_flag("--graph", options->prints_graph, "print the graph as text instead");
  app.add_flag("--tensors", options->prints_tensors, "list every quantized tensor with its type, grid and scales");
  return [options](Output& out) { inspect(*options, out); };
}

}  // namespace

Command command_inspect() {
  return {
      .name = "inspect",
      .summary = "what is in a model: inputs, operators, parameters, quantized tensors",
      .description = "A language model's checkpoint is inspected too: zeropoint inspect DIR --help.",
      .examples =
          "zeropoint inspect net.onnx\n"
          "zeropoint inspect net.int8.onnx --tensors\n"
          "zeropoint inspect net.onnx --graph | less",
      .define = define,
  };
}

}  // namespace zeropoint::cli
