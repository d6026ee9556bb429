#include "methods/gptq_model.h"

#include <map>
#include <optional>
#include <utility>

#include "base/fail.h"
#include "base/interrupt.h"
#include "executor/staged_run.h"
#include "methods/calibration_rows.h"
#include "methods/finite_weight.h"
#include "methods/gptq_journal.h"
#include "methods/input_rows.h"

namespace zeropoint {
namespace {

/// Weights that read the same rows.
struct Group {
  ValueId activation = kNoValue;
  std::vector<WeightTarget> targets;
};

std::vector<Group> group_by_rows(const Graph& graph, const std::vector<WeightTarget>& targets) {
  std::vector<Group> groups;
  std::map<std::pair<ValueId, std::string>, std::size_t> known;
  for (const WeightTarget& target : targets) {
    const Node& node = graph.nodes[static_cast<std::size_t>(target.node)];
    const auto [place, is_new] =
        known.try_emplace({target.activation, input_rows_key(node, target.shape)}, groups.size());
    if (is_new) groups.push_back({.activation = target.activation});
    groups[place->second].targets.push_back(target);
  }
  return groups;
}

std::vector<ValueId> activations(const std::vector<Group>& groups) {
  std::vector<ValueId> values;
  for (const Group& group : groups) values.push_back(group.activation);
  return values;
}

class Quantizer {
 public:
  Quantizer(const Model& model, const GptqModelOptions& options, const OnQuantizedWeight& finished)
      : model_(model),
        options_(options),
        finished_(finished),
        found_(find_weight_targets(model, options.filter, options.keep)),
        groups_(group_by_rows(model.graph, found_.targets)) {}

  GptqModelReport run(std::vector<std::vector<Tensor>> samples) {
    samples_ = std::ssize(samples);
    check();
    report_.declined = found_.declined;
    warn(few_rows_warning(found_.targets, expected_rows(model_, samples, found_.targets)));
    run_.emplace(model_, std::move(samples), activations(groups_));
    for (const Group& group : groups_) quantize(group);
    return std::move(report_);
  }

 private:
  void check() const {
    gptq_scheme(options_.gptq);
    for (const auto& [weight, gptq] : options_.special) gptq_scheme(gptq);
    if (groups_.empty()) {
      fail(ErrorKind::invalid_option, model_.source, "there is no weight to quantize{}",
           found_.declined.empty() ? std::string(": no MatMul, Gemm or Conv reads a constant")
                                   : fmt::format(": {}: {}", found_.declined[0].node, found_.declined[0].reason));
    }
    if (samples_ == 0) fail(ErrorKind::invalid_data, "calibration data", "there is no sample");
    for (const WeightTarget& target : found_.targets) {
      check_gptq_columns(options_.of(target.name), target.inputs(), where(target));
      require_finite(model_.graph.value(target.constant).constant, where(target));
    }
  }

  std::string where(const WeightTarget& target) const {
    return model_.source.empty() ? target.name : fmt::format("{}: {}", model_.source, target.name);
  }

  void quantize(const Group& group) {
    std::vector<std::optional<FinishedWeight>> known;
    bool are_all_known = true;
    for (const WeightTarget& target : group.targets) {
      known.push_back(options_.journal != nullptr ? options_.journal->find(target.name) : std::nullopt);
      are_all_known = are_all_known && known.back().has_value();
    }
    const WeightTarget& first = group.targets.front();
    const Node& node = model_.graph.nodes[static_cast<std::size_t>(first.node)];
    std::optional<GramMatrix> sum;
    if (!are_all_known) sum.emplace(first.inputs());
    run_->advance(group.activation, [&](const Tensor& x) {
      if (sum) add_input_rows(node, model_.opset(), first.shape, x, *sum);
      step();
    });
    const std::int64_t rows = sum ? sum->rows() : 0;
    const Tensor hessian = sum ? sum->finish(2.0F / static_cast<float>(rows)) : Tensor();
    for (std::size_t i = 0; i < group.targets.size(); ++i) {
      check_interrupt();
      const WeightTarget& target = group.targets[i];
      FinishedWeight weight = known[i] ? std::move(*known[i]) : quantized(target, hessian, rows);
      run_->replace_input(target.node, target.input, as_operand(dequantize(weight.matrix), target));
      finished_(weight.matrix, weight.report);
      report_.weights.push_back(std::move(weight.report));
      step();
    }
  }

  FinishedWeight quantized(const WeightTarget& target, const Tensor& hessian, std::int64_t rows) const {
    GptqResult result = gptq(weight_matrix(model_.graph, target), hessian, options_.of(target.name), where(target));
    FinishedWeight weight{std::move(result.matrix),
                          {.name = target.name,
                           .node = node_name(model_.graph, model_.graph.nodes[static_cast<std::size_t>(target.node)]),
                           .rows = target.outputs(),
                           .columns = target.inputs(),
                           .samples = samples_,
                           .input_rows = rows,
                           .gptq = result.report}};
    if (options_.journal != nullptr) options_.journal->add(weight);
    return weight;
  }

  void warn(const std::string& warning) {
    if (warning.empty()) return;
    if (options_.on_warning) {
      options_.on_warning(warning);
    } else {
      report_.warnings.push_back(warning);
    }
  }

  void step() {
    ++steps_;
    const auto groups = static_cast<std::int64_t>(groups_.size());
    const auto weights = static_cast<std::int64_t>(found_.targets.size());
    if (options_.on_progress) options_.on_progress(steps_, groups * samples_ + weights);
  }

  const Model& model_;
  const GptqModelOptions& options_;
  const OnQuantizedWeight& finished_;
  const WeightTargets found_;
  const std::vector<Group> groups_;
  std::int64_t samples_ = 0;
  std::optional<StagedRun> run_;
  std::int64_t steps_ = 0;
  GptqModelReport report_;
};

}  // namespace

GptqModelReport gptq_model(const Model& model, std::vector<std::vector<Tensor>> samples,
                           const GptqModelOptions& options, const OnQuantizedWeight& finished) {
  return Quantizer(model, options, finished).run(std::move(samples));
}

}  // namespace zeropoint
