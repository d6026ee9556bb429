// zeropoint ops: which operators run here, in which opsets, with which types.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/json_text.h"
#include "cli/command.h"
#include "cli/table.h"
#include "ops/op.h"

namespace zeropoint::cli {
namespace {

constexpr int kOpenEnd = 999;  // OpSpec::until of a row that holds for every later opset

/// Rows of one operator, joined: opset spans that touch become one.
struct Row {
  int since = kOpenEnd;
  int until = 0;
  std::string_view float_types;
  std::string_view integer_types;
};

std::map<std::pair<std::string, std::string>, Row> rows() {
  std::map<std::pair<std::string, std::string>, Row> out;
  for (const OpSpec& spec : all_ops()) {
    if (spec.domain == kFusedDomain) continue;
    Row& row = out[{std::string(spec.domain), std::string(spec.op_type)}];
    row.since = std::min(row.since, spec.since);
    row.until = std::max(row.until, spec.until);
    if (spec.float_types.size() > row.float_types.size()) row.float_types = spec.float_types;
    if (spec.integer_types.size() > row.integer_types.size()) row.integer_types = spec.integer_types;
  }
  return out;
}

std::string opsets(const Row& row) {
  return row.until == kOpenEnd ? fmt::format("{}-", row.since) : fmt::format("{}-{}", row.since, row.until);
}

// One table per domain, ONNX's own first.
void print(const Output& out) {
  constexpr std::size_t kFloatTypes = 24;  // characters: "float16 bfloat16 float32"
  constexpr std::size_t kIntegerTypes = 16;
  nlohmann::ordered_json document = nlohmann::ordered_json::array();
  std::map<std::string, Table> tables;
  for (const auto& [key, row] : rows()) {
    const auto& [domain, op_type] = key;
    document.push_back({{"operator", op_type},
                        {"domain", domain},
                        {"opsets", opsets(row)},
                        {"float", row.float_types},
                        {"integer", row.integer_types}});
    const auto table =
        tables.try_emplace(domain, std::vector<Column>{{.header = domain.empty() ? "operator" : domain},
                                                       {.header = "opsets"},
                                                       {.header = "float", .wraps_at = kFloatTypes},
                                                       {.header = "integer", .wraps_at = kIntegerTypes}});
    table.first->second.add({op_type, opsets(row), std::string(row.float_types), std::string(row.integer_types)});
  }
  out.json(json_text(document));
  for (const auto& [domain, table] : tables) out.text(table.render() + "\n");
  out.text(fmt::format("{} operators\n", document.size()));
}

Action define(CLI::App&) {
  return [](Output& out) { print(out); };
}

}  // namespace

Command command_ops() {
  return {
      .name = "ops",
      .summary = "list the operators that zeropoint can execute",
      .description =
          "One row per operator: the opsets whose meaning is known, the types it computes in floating "
          "point (all floats: float16, bfloat16, float32, float64), and the quantized arithmetic it offers.",
      .examples = "zeropoint ops\nzeropoint ops --json",
      .define = define,
  };
}

}  // namespace zeropoint::cli
