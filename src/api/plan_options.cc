#include "api/plan_options.h"

#include <algorithm>

#include "base/fail.h"
#include "base/nearest.h"
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

/// What is wrong with a format for codes of this type; empty when nothing is.
std::string problem(const std::string& format, DType codes) {
  if (format != "qdq" && format != "qoperator") {
    return fmt::format("'{}' does not exist; choose qdq or qoperator", format);
  }
  if (format == "qoperator" && bits(codes) > kQOperatorBits) {
    return fmt::format("qoperator has operators on {}-bit codes only; {} wants qdq", kQOperatorBits, name(codes));
  }
  return "";
}

void check_plan_format(const std::string& format, DType codes) {
  const std::string wrong = problem(format, codes);
  if (!wrong.empty()) fail(ErrorKind::invalid_data, "plan", "'format': {}", wrong);
}

void check_observer(const std::string& name) {
  std::vector<std::string_view> names = {kAutoObserver};
  for (const ObserverSpec& observer : all_observers()) names.push_back(observer.name);
  if (std::ranges::find(names, name) != names.end()) return;
  throw Error(ErrorKind::invalid_option, "--observer", unknown_word("observer", name, names));
}

}  // namespace

void check_options(const PlanOptions& options) {
  const std::string wrong = problem(options.format, options.activations);
  if (!wrong.empty()) fail(ErrorKind::invalid_option, "--format", "{}", wrong);
  check_observer(options.observer);
  check_options(choose_options(options));
}

void check_format(const QuantPlan& plan) {
  check_plan_format(plan.format, DType::u8);
  for (const PlanTensor& tensor : plan.tensors) {
    if (tensor.role == TensorRole::activation) check_plan_format(plan.format, tensor.qparams.scheme.dtype);
  }
}

}  // namespace zeropoint
