#include "plan/structure_grids.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

namespace zeropoint {
namespace {

std::size_t at(ValueId id) { return static_cast<std::size_t>(id); }

class GridMaker {
 public:
  GridMaker(const Graph& graph, const NodeDecisions& decisions) : graph_(graph), decided_(decisions) {}

  std::vector<Grid> make() const {
    std::vector<ValueId> parent(graph_.values.size());
    std::iota(parent.begin(), parent.end(), 0);
    const auto find = [&](ValueId v) {
      while (parent[at(v)] != v) v = parent[at(v)] = parent[at(parent[at(v)])];
      return v;
    };
    for (int n = 0; n < static_cast<int>(graph_.nodes.size()); ++n) {
      if (!moves(n)) continue;
      const ValueId group = find(view(n).activations[0]);
      for (const ValueId v : view(n).activations) parent[at(find(v))] = group;
      for (const ValueId v : view(n).results) parent[at(find(v))] = group;
    }

    std::vector<Grid> grids;
    std::map<ValueId, std::size_t> grid_of;
    const auto add = [&](ValueId v) {
      if (!is_on_grid(v)) return;
      const auto [entry, is_new] = grid_of.try_emplace(find(v), grids.size());
      if (is_new) grids.emplace_back();
      Grid& grid = grids[entry->second];
      grid.members.push_back(v);
      if (!moves(producer_of(v))) grid.roots.push_back(v);
    };
    for (const ValueId v : graph_.inputs) add(v);
    for (const Node& n : graph_.nodes) {
      for (const ValueId v : n.outputs) {
        if (v != kNoValue) add(v);
      }
    }
    for (Grid& grid : grids) grid.fixed = common_fixed_range(grid);
    return grids;
  }

 private:
  const NodeView& view(int n) const { return decided_.views[static_cast<std::size_t>(n)]; }
  int producer_of(ValueId v) const { return decided_.uses.producer[at(v)]; }

  // Whether the node is quantized and only moves values; n < 0 is no node.
  bool moves(int n) const {
    return n >= 0 && decided_.quantized[static_cast<std::size_t>(n)] && view(n).role == OpRole::preserving;
  }

  // Asked for, or moved by a quantized node together with a tensor that is.
  bool is_on_grid(ValueId v) const {
    if (graph_.is_constant(v)) return false;
    if (decided_.asked[at(v)]) return true;
    const int producer = producer_of(v);
    return moves(producer) && std::ranges::find(view(producer).results, v) != view(producer).results.end();
  }

  FixedRange common_fixed_range(const Grid& grid) const {
    std::optional<FixedRange> common;
    for (const ValueId root : grid.roots) {
      const int producer = producer_of(root);
      const FixedRange fixed = producer < 0 ? FixedRange::none : view(producer).output;
      if (common && *common != fixed) return FixedRange::none;
      common = fixed;
    }
    return common.value_or(FixedRange::none);
  }

  const Graph& graph_;
  const NodeDecisions& decided_;
};

}  // namespace

std::vector<Grid> make_grids(const Graph& graph, const NodeDecisions& decisions) {
  return GridMaker(graph, decisions).make();
}

}  // namespace zeropoint
