#include "api/plan_options.h"

#include "base/fail.h"
#include "observers/observer.h"

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

namespace {

constexpr int kQOperatorBits = 8;  // of QLinearConv and its kind

void check_format(const std::string& format, DType codes) {
  if (format != "qdq" && format != "qoperator") {
    fail(ErrorKind::invalid_option, "--format", "'{}' does not exist; choose qdq or qoperator", format);
  }
  if (format == "qoperator" && bits(codes) > kQOperatorBits) {
    fail(ErrorKind::invalid_option, "--format", "qoperator has operators on {}-bit codes only; {} wants qdq",
         kQOperatorBits, name(codes));
  }
}

}  // namespace

void check_options(const PlanOptions& options) {
  check_format(options.format, options.activations);
  if (options.observer != kAutoObserver) find_observer(options.observer);
  check_options(choose_options(options));
}

void check_format(const QuantPlan& plan) {
  check_format(plan.format, DType::u8);
  for (const PlanTensor& tensor : plan.tensors) {
    if (tensor.role == TensorRole::activation) check_format(plan.format, tensor.qparams.scheme.dtype);
  }
}

}  // namespace zeropoint
