#include <algorithm>

#include "api/network.h"
#include "api/plan_options.h"
#include "passes/insert_qdq.h"
#include "passes/passes.h"
#include "passes/qdq_to_qoperator.h"
#include "plan/choose.h"

namespace zeropoint {

PlanResult make_plan(const Network& network, const Calibration& seen, const PlanOptions& options) {
  check_format(options.format);
  const Graph& graph = network.impl().prepared().graph;
  Choice choice = choose_plan(graph, decide_structure(graph, structure_options(options)), seen.impl().statistics,
                              choose_options(options));
  choice.plan.format = options.format;
  choice.plan.quantize_outputs = options.quantize_outputs;
  return {.plan = std::move(choice.plan), .warnings = std::move(choice.warnings)};
}

Network apply_plan(const Network& network, const QuantPlan& plan) {
  check_format(plan.format);
  Model model = network.impl().prepared();
  upgrade_opset(model, std::max(model.opset(), qdq_opset(plan)));
  insert_qdq(model.graph, plan);
  if (plan.format == "qoperator") qdq_to_qoperator(model);
  return Network(std::make_shared<Network::Impl>(Network::Impl{.model = std::move(model)}));
}

}  // namespace zeropoint
