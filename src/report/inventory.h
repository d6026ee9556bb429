// What a model consists of, counted: operators, constants by type, quantized tensors. Subgraphs included.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace zeropoint {

struct OpCount {
  std::string domain;
  std::string op_type;
  std::int64_t count = 0;
  bool is_offered = false;  // the executor can run it, or it is a function of the model's own
};

struct TypeCount {
  DType dtype = DType::undefined;
  std::int64_t tensors = 0;
  std::int64_t elements = 0;
  std::uint64_t bytes = 0;
};

/// A tensor in codes with constant scales: what a DequantizeLinear reads or a QuantizeLinear makes.
struct QuantizedValue {
  std::string name;
  bool is_constant = false;
  DType dtype = DType::undefined;
  std::int64_t grids = 1;
  std::int64_t axis = 0;        // of the grids, when there are several
  std::int64_t block_size = 0;  // 0: not blocked
  double min_scale = 0;
  double max_scale = 0;
};

struct Inventory {
  std::int64_t nodes = 0;
  std::int64_t parameters = 0;  // elements of constants
  std::uint64_t parameter_bytes = 0;
  std::vector<OpCount> ops;               // most frequent first
  std::vector<TypeCount> types;           // by type number
  std::vector<QuantizedValue> quantized;  // in the graph's order, each tensor once
};

Inventory take_inventory(const Model& model);

}  // namespace zeropoint
