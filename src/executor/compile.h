// The part of compile() that knows no shapes: finds operators, resolves captures, folds and fuses.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "executor/compiled.h"
#include "executor/program.h"

namespace zeropoint {

using Opsets = std::map<std::string, std::int64_t>;

/// Throws invalid_model or unsupported naming the node, invalid_option naming a tap that is no value.
/// Values of enclosing graphs become inputs, after the graph's own, in the order of captured_values().
Compiled compile_graph(const Graph& graph, const Opsets& opsets, const CompileOptions& options);

/// Names of the values that a subgraph reads from enclosing graphs, each once.
std::vector<std::string> captured_values(const Graph& subgraph);

/// Compiles each subgraph that an operator asks for once.
std::unique_ptr<PlanServices> make_services(const Opsets& opsets);

}  // namespace zeropoint
