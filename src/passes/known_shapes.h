// Types, ranks and sizes that follow from what a graph declares, found by asking the operators.
//
// Sizes that depend on a symbol or on data are unknown. A value of an operator that is not offered,
// or of one that finds its inputs wrong, is unknown unless the graph declares it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace zeropoint {

class KnownShapes {
 public:
  KnownShapes(const Graph& graph, const std::map<std::string, std::int64_t>& opsets);

  DType dtype(ValueId id) const;  ///< undefined when unknown
  std::optional<std::int64_t> rank(ValueId id) const;

  /// axis in [0, rank)
  std::optional<std::int64_t> dim(ValueId id, std::int64_t axis) const;

 private:
  struct Known {
    DType dtype = DType::undefined;
    std::optional<std::vector<std::int64_t>> dims;  // -1: unknown
  };
  std::vector<Known> known_;
};

}  // namespace zeropoint
