#include "api/plan_options.h"

#include "base/fail.h"

namespace zeropoint {

StructureOptions structure_options(const PlanOptions& options) {
  return {.filter = {.include = options.include,
                     .exclude = options.exclude,
                     .keep_first = options.keep_first,
                     .keep_last = options.keep_last},
          .quantize_outputs = options.quantize_outputs};
}

ChooseOptions choose_options(const PlanOptions& options) {
  return {.activations = options.activations,
          .weights = options.weights,
          .symmetric_activations = options.symmetric_activations,
          .per_tensor = options.per_tensor,
          .correct_biases = options.correct_biases,
          .observer = options.observer,
          .observer_options = {.percentile = options.percentile, .n_std = options.n_std}};
}

std::unique_ptr<Dataset> open_dataset(Network::Impl& network, const DataSource& source) {
  return Dataset::open(source.path, network.program().inputs(),
                       {.preprocess = source.preprocess, .limit = source.limit, .batch = source.batch});
}

void check_format(const std::string& format) {
  if (format == "qdq" || format == "qoperator") return;
  fail(ErrorKind::invalid_option, "--format", "'{}' does not exist; choose qdq or qoperator", format);
}

}  // namespace zeropoint
