#include <algorithm>
#include <array>
#include <cmath>

#include "api/network.h"
#include "api/plan_options.h"
#include "base/fail.h"
#include "passes/insert_qdq.h"
#include "passes/passes.h"
#include "passes/qdq_to_qoperator.h"
#include "plan/choose.h"

namespace zeropoint {
namespace {

// Least squared error is the best rule for most networks; where few large values carry the meaning, clipping them
// costs more than their square says, and the full range wins.
constexpr std::array<const char*, 2> kCandidates = {"mse", "minmax"};

PlanResult plan_with(const Graph& graph, const Calibration& seen, const PlanOptions& options) {
  PlanChoice choice = choose_plan(graph, decide_structure(graph, structure_options(options)), seen.impl().statistics,
                                  choose_options(options));
  choice.plan.format = options.format;
  choice.plan.quantize_outputs = options.quantize_outputs;
  choice.plan.observer = options.observer;
  return {.plan = std::move(choice.plan), .warnings = std::move(choice.warnings)};
}

std::string describe(double nearness, bool is_real) {
  if (std::isinf(nearness)) return "equal outputs";
  return is_real ? fmt::format("{:.2f} dB", nearness) : fmt::format("{:.4g} equal", nearness);
}

}  // namespace

PlanResult best_plan(const Network& network, const Calibration& seen, PlanOptions options, const Reference* reference) {
  check_options(options);
  const Graph& graph = network.impl().prepared().graph;
  const bool is_auto = options.observer == kAutoObserver;
  if (is_auto) options.observer = kCandidates[0];
  PlanResult best = plan_with(graph, seen, options);
  if (!is_auto) return best;
  if (reference == nullptr || reference->batches() == 0) {
    best.plan.observer += " (auto had no data to compare it with minmax on)";
    return best;
  }

  const auto measure = [&](QuantPlan plan) {
    plan.format = "qdq";  // the same numbers in every format
    return reference->compare(apply_plan(network, plan).impl().program(), "the quantized model");
  };
  const std::vector<OutputError> first = measure(best.plan);
  const bool is_real = std::any_of(first.begin(), first.end(), [](const OutputError& o) { return o.is_real; });
  double highest = nearness(first);
  std::string tried = fmt::format("mse gave {}", describe(highest, is_real));
  for (std::size_t i = 1; i < kCandidates.size(); ++i) {
    options.observer = kCandidates[i];
    PlanResult next = plan_with(graph, seen, options);
    const double reached = nearness(measure(next.plan));
    tried += fmt::format(", {} {}", options.observer, describe(reached, is_real));
    if (reached <= highest) continue;
    highest = reached;
    best = std::move(next);
  }
  best.plan.observer += fmt::format(" (on {} batches {})", reference->batches(), tried);
  return best;
}

PlanResult make_plan(const Network& network, const Calibration& seen, const PlanOptions& options,
                     std::span<const std::vector<Tensor>> samples) {
  const Reference reference(network.impl().program(), {samples.begin(), samples.end()});
  return best_plan(network, seen, options, &reference);
}

Network apply_plan(const Network& network, const QuantPlan& plan) {
  check_format(plan);
  Model model = network.impl().prepared();
  upgrade_opset(model, std::max(model.opset(), qdq_opset(plan)));
  insert_qdq(model.graph, plan);
  if (plan.format == "qoperator") qdq_to_qoperator(model);
  return Network(std::make_shared<Network::Impl>(Network::Impl{.model = std::move(model)}));
}

}  // namespace zeropoint
