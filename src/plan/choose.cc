#include "plan/choose.h"

#include <cmath>
#include <map>

#include "base/fail.h"
#include "plan/choose_constants.h"

namespace zeropoint {
namespace {

// Softmax and Sigmoid end at 1, Tanh at -1 and 1: the grids that integer libraries assume for them. A whole
// power of two as scale makes the products that follow exact shifts.
QParams fixed_qparams(FixedRange fixed, const Scheme& scheme) {
  const CodeRange codes = code_range({.dtype = scheme.dtype});
  const double levels = static_cast<double>(codes.max) - codes.min + 1;
  const std::int32_t middle = codes.min == 0 ? static_cast<std::int32_t>(levels / 2) : 0;
  if (fixed == FixedRange::unit && !scheme.symmetric) return {static_cast<float>(1 / levels), codes.min};
  return {static_cast<float>(2 / levels), middle};
}

PlanTensor fixed_row(FixedRange fixed, const Scheme& scheme) {
  const QParams q = fixed_qparams(fixed, scheme);
  PlanTensor row{.qparams = tensor_qparams(scheme, q), .method = "fixed"};
  row.reason = fmt::format("its values lie in {} whatever the data: scale {}, zero point {}",
                           fixed == FixedRange::unit ? "[0, 1]" : "[-1, 1]", q.scale, q.zero_point);
  return row;
}

// What calibration saw of the grid as a whole.
SliceStatistics seen_by(const Graph& graph, const Grid& grid, const Statistics& statistics) {
  SliceStatistics seen;
  bool is_first = true;
  for (const ValueId root : grid.roots) {
    const std::string& name = graph.value(root).name;
    const auto record = statistics.tensors.find(name);
    if (record == statistics.tensors.end()) {
      fail(ErrorKind::invalid_data, fmt::format("tensor '{}'", name),
           "the statistics do not have it; calibrate the same model with the same options");
    }
    if (record->second.options().axis >= 0) {
      fail(ErrorKind::invalid_data, fmt::format("tensor '{}'", name),
           "its statistics are per axis; calibrate per tensor");
    }
    if (record->second.slices().empty()) continue;
    const SliceStatistics& slice = record->second.slices()[0];
    if (is_first) {
      seen = slice;
    } else {
      seen.merge(slice, record->second.options().histogram_bins);
    }
    is_first = false;
  }
  return seen;
}

PlanTensor observed_row(const Graph& graph, const Grid& grid, const Statistics& statistics, const Scheme& scheme,
                        const ChooseOptions& options, std::vector<std::string>& warnings) {
  const ObserverSpec& observer = find_observer(options.observer);
  const std::string& name = graph.value(grid.roots[0]).name;
  RangeChoice choice;
  try {
    choice = choose_range(observer, seen_by(graph, grid, statistics), scheme, options.observer_options);
  } catch (const Error& e) {
    if (e.where().find(name) != std::string::npos) throw;
    throw Error(e.kind(), fmt::format("tensor '{}'", name), e.message());
  }
  if (!choice.warning.empty()) warnings.push_back(fmt::format("tensor '{}': {}", name, choice.warning));
  return {.qparams = tensor_qparams(scheme, choose_qparams(choice.range, scheme)),
          .ranges = {choice.range},
          .method = options.observer,
          .reason = choice.reason,
          .clipping_error = choice.clipping_error,
          .rounding_error = choice.rounding_error,
          .candidates = choice.candidates};
}

}  // namespace

void check_options(const ChooseOptions& options) {
  const DType a = options.activations;
  if (a != DType::u8 && a != DType::i8 && a != DType::u16 && a != DType::i16) {
    fail(ErrorKind::invalid_option, "--activations", "{} is not offered; choose uint8, int8, uint16 or int16", name(a));
  }
  if (options.weights != DType::i8 && options.weights != DType::u8) {
    fail(ErrorKind::invalid_option, "--weights", "{} is not offered; choose int8 or uint8", name(options.weights));
  }
  const auto [percentile, n_std] = options.observer_options;
  if (!(percentile > 50 && percentile <= 100)) {
    fail(ErrorKind::invalid_option, "--percentile", "{} is not above 50 and up to 100", percentile);
  }
  if (!(n_std > 0) || !std::isfinite(n_std)) {
    fail(ErrorKind::invalid_option, "--n-std", "{} is not a number above 0", n_std);
  }
}

PlanChoice choose_plan(const Graph& graph, const Structure& structure, const Statistics& statistics,
                       const ChooseOptions& options) {
  check_options(options);
  PlanChoice choice;
  choice.plan.nodes = structure.nodes;
  const Scheme scheme{.dtype = options.activations, .symmetric = options.symmetric_activations};
  std::map<ValueId, float> scale_of;
  for (const Grid& grid : structure.grids) {
    PlanTensor row = grid.fixed != FixedRange::none
                         ? fixed_row(grid.fixed, scheme)
                         : observed_row(graph, grid, statistics, scheme, options, choice.warnings);
    if (grid.roots.size() > 1)
      row.reason += fmt::format("; over the {} tensors that share the grid", grid.roots.size());
    const std::string& owner = graph.value(grid.roots[0]).name;
    for (const ValueId member : grid.members) {
      PlanTensor copy = row;
      copy.name = graph.value(member).name;
      if (copy.name != owner) {
        copy.method = "shared";
        copy.reason = fmt::format("shares the grid of '{}'", owner);
      }
      choice.plan.tensors.push_back(std::move(copy));
      scale_of[member] = row.qparams.scales.values<float>()[0];
    }
  }
  const auto means_of = [&](ValueId v) -> const ChannelMeans* {
    const auto means = statistics.channel_means.find(graph.value(v).name);
    return means == statistics.channel_means.end() ? nullptr : &means->second;
  };
  ConstantRows constants = choose_constants(
      graph, structure, [&](ValueId v) { return scale_of.at(v); }, means_of, options);
  for (PlanTensor& row : constants.rows) choice.plan.tensors.push_back(std::move(row));
  for (std::string& warning : constants.warnings) choice.warnings.push_back(std::move(warning));
  return choice;
}

}  // namespace zeropoint
