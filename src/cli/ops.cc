// zeropoint ops: which operators run here, in which opsets, with which types.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

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

void print(const Output& out) {
  nlohmann::ordered_json document = nlohmann::ordered_json::array();
  Table table({{"operator", false, true}, {"opsets"}, {"float", false, true}, {"integer", false, true}});
  for (const auto& [key, row] : rows()) {
    const auto& [domain, op_type] = key;
    const std::string opsets =
        row.until == kOpenEnd ? fmt::format("{}-", row.since) : fmt::format("{}-{}", row.since, row.until);
    document.push_back({{"operator", op_type},
                        {"domain", domain},
                        {"opsets", opsets},
                        {"float", row.float_types},
                        {"integer", row.integer_types}});
    const std::string name = domain.empty() ? op_type : domain + "." + op_type;
    table.add({name, opsets, std::string(row.float_types), std::string(row.integer_types)});
  }
  out.json(document.dump(2));
  out.text(table.render());
  out.text(fmt::format("\n{} operators\n", document.size()));
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
          "point, and the quantized arithmetic it offers.",
      .examples = "zeropoint ops\nzeropoint ops --json",
      .define = define,
  };
}

}  // namespace zeropoint::cli
