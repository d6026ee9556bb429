#include "pipeline/solved_weights.h"

#include <algorithm>
#include <utility>

#include "architectures/load_model.h"
#include "base/fail.h"
#include "data/dataset.h"
#include "executor/program.h"
#include "methods/gptq_fingerprint.h"
#include "methods/gptq_method.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kShortestSequence = 2;

/// "out/" has its journal beside it, not in it.
fs::path journal_folder(const fs::path& output) {
  fs::path folder = output.has_filename() ? output : output.parent_path();
  return folder += ".journal";
}

std::vector<std::vector<Tensor>> samples_for(const Model& model, const DataSource& source,
                                             std::vector<std::string>& warnings) {
  const std::vector<ProgramValue> inputs = declared_inputs(model.graph);
  const std::unique_ptr<Dataset> data = Dataset::open(
      source.path, inputs, {.preprocess = source.preprocess, .limit = source.limit, .batch = source.batch});
  warnings = data->warnings();
  const std::int64_t positions = inputs.at(0).shape.empty() ? -1 : inputs[0].shape.back().longest;
  std::vector<std::vector<Tensor>> samples;
  std::int64_t longest = 0;
  while (auto batch = data->next()) {
    const Shape& shape = batch->inputs.at(0).shape();
    if (!shape.empty()) longest = std::max(longest, shape.back());
    if (positions >= 0 && longest > positions) {
      fail(ErrorKind::invalid_data, source.path, "holds a sequence of {} tokens; the model has {} positions", longest,
           positions);
    }
    samples.push_back(std::move(batch->inputs));
  }
  if (longest < kShortestSequence) {
    fail(ErrorKind::invalid_data, source.path, "no sequence has {} tokens: attention over one token shows gptq nothing",
         kShortestSequence);
  }
  return samples;
}

/// As the plan has this weight: in the format's grids, and without blocks where they do not fit.
GptqOptions options_for(GptqOptions options, const WeightForm& form, const Format& format) {
  options.block_size = std::get<MatrixScheme>(form.scheme).block_size;
  options.storage = format.grid_storage(form.stored);
  return options;
}

}  // namespace

SolvedWeights::SolvedWeights(const Checkpoint& checkpoint, fs::path output, const CheckpointJob& job,
                             const CheckpointPlan& plan, const Format& format)
    : output_(std::move(output)),
      other_run_(job.force ? GptqJournal::OtherRun::replace : GptqJournal::OtherRun::refuse),
      model_(load_model(checkpoint.path)) {
  options_.gptq = gptq_options(job.options);
  for (const PlannedTensor& planned : plan.tensors) {
    if (!planned.is_quantized) continue;
    wanted_.insert(planned.tensor->name);
    options_.special[planned.tensor->name] = options_for(options_.gptq, planned.form, format);
  }
  options_.keep = [this](const std::string& weight) {
    return wanted_.contains(weight) ? std::string() : std::string("is not to be quantized");
  };
  options_.on_progress = job.progress;
  options_.on_warning = job.on_warning;
  require_targets(checkpoint);
  samples_ = samples_for(model_, job.data, warnings_);
}

void SolvedWeights::require_targets(const Checkpoint& checkpoint) const {
  const WeightTargets found = find_weight_targets(model_, options_.filter, options_.keep);
  std::set<std::string> missing = wanted_;
  for (const WeightTarget& target : found.targets) missing.erase(target.name);
  if (missing.empty()) return;
  const std::string& weight = *missing.begin();
  const auto declined = std::ranges::find(found.declined, weight, &DeclinedProduct::weight);
  fail(ErrorKind::unsupported, checkpoint.path.string(), "'{}' cannot be quantized by gptq: {}; --exclude it", weight,
       declined == found.declined.end() ? "no product in the model's graph reads it" : declined->reason);
}

void SolvedWeights::solve() {
  journal_.emplace(journal_folder(output_), gptq_fingerprint(model_, samples_, options_), other_run_);
  options_.journal = &*journal_;
  resumed_ = static_cast<std::int64_t>(journal_->finished());
  try {
    const GptqModelReport done = gptq_model(model_, std::move(samples_), options_, [](const auto&, const auto&) {});
    warnings_.insert(warnings_.end(), done.warnings.begin(), done.warnings.end());
  } catch (...) {
    journal_->give_up();
  }
  model_ = {};
}

FinishedWeight SolvedWeights::find(const std::string& weight) const {
  std::optional<FinishedWeight> found = journal_->find(weight);
  if (!found) fail(ErrorKind::internal, weight, "is not in the journal any more");
  return std::move(*found);
}

}  // namespace zeropoint
