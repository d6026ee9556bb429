// Graphs as text, for tests, `inspect` and messages: close to ONNX's own textual syntax, with this
// project's names of element types.
//
//   main (float32[N, 2] x, float32 y) => (float32[N, 2] z)
//   <float32[2] w = {1, -0.5}, float32[N, 2] h>
//   {
//     ["first"] h = Mul(x, w)
//     z, "odd/name" = com.example.Split<axis = 1, mode = "even", parts = [1, 1]>(h, "", y)
//     z2 = If<then_branch = yes () => (z) <> { ... }>(c)
//   }
//
// A type is float32[2, N, ?] (a size, a symbol, unknown), float32[] (a scalar) or float32 (unknown
// rank), or left out. A name that is not an identifier is quoted; "" is an absent input. Attributes:
// 3 int, 3.0 float, "s" string, [..] lists, `name: ints = []` where the value does not tell its kind,
// `name: float = @other` refers to a function's attribute, int64[2] {1, 2} a tensor. Elements of
// float8 and float4 types are their codes.
#pragma once

#include <string>
#include <string_view>

#include "graph/graph.h"

namespace zeropoint {

struct PrintOptions {
  std::int64_t max_elements = 64;  // longer tensors are shown as {...}, which cannot be parsed
};

std::string print_graph(const Graph& graph, const PrintOptions& options = {});

/// The inverse for graphs without carried bytes. Validated as a model's graph is: names that nothing
/// defines are an error, except in subgraphs, where they are the enclosing graph's values.
/// Throws invalid_model (where: "graph text") with the line.
Graph parse_graph(std::string_view text);

}  // namespace zeropoint
