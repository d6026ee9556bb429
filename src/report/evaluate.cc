#include "report/evaluate.h"

#include <chrono>

#include "base/fail.h"

namespace zeropoint {

Evaluation evaluate(Program& program, Dataset& data, const EvaluateOptions& options) {
  using Clock = std::chrono::steady_clock;
  const MetricSpec& spec = find_metric(options.metric.empty() ? "top1" : options.metric);
  if (spec.needs_labels && !data.has_labels()) {
    fail(ErrorKind::invalid_data, "--data",
         "has no labels, which the metric {} needs; give them with --labels, or choose --metric perplexity or speed",
         spec.name);
  }
  const std::unique_ptr<Metric> metric = spec.make(program, options.of);
  Evaluation result;
  result.metric = spec.name;
  while (const auto batch = data.next()) {
    const Clock::time_point start = Clock::now();
    const std::vector<Tensor> outputs = program.run(batch->inputs);
    result.model_seconds += std::chrono::duration<double>(Clock::now() - start).count();
    metric->add(*batch, outputs);
    result.samples += batch->samples;
    if (options.on_progress) options.on_progress(result.samples, data.size());
  }
  if (result.samples == 0) fail(ErrorKind::invalid_data, "--data", "holds no samples");
  result.scores = metric->scores();
  return result;
}

}  // namespace zeropoint
