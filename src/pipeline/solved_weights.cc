#include "pipeline/solved_weights.h"

#include <algorithm>
#include <set>

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
  const Program program = Program::compile(model);
  const std::unique_ptr<Dataset> data = Dataset::open(
      source.path, program.inputs(), {.preprocess = source.preprocess, .limit = source.limit, .batch = source.batch});
  warnings = data->warnings();
  std::vector<std::vector<Tensor>> samples;
  std::int64_t longest = 0;
  while (auto batch = data->next()) {
    const Shape& shape = batch->inputs.at(0).shape();
    if (!shape.empty()) longest = std::max(longest, shape.back());
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
  options.short_block = true;  // where the format cannot hold one, the plan has no blocks
  options.storage = format.grid_storage(form.stored);
  return options;
}

}  // namespace

SolvedWeights::SolvedWeights(const Checkpoint& checkpoint, const fs::path& output, const CheckpointJob& job,
                             const CheckpointPlan& plan, const Format& format) {
  GptqModelOptions options{.gptq = gptq_options(job.options)};
  std::set<std::string> wanted;
  for (const PlannedTensor& planned : plan.tensors) {
    if (!planned.is_quantized) continue;
    wanted.insert(planned.tensor->name);
    options.special[planned.tensor->name] = options_for(options.gptq, planned.form, format);
  }
  const Model model = load_model(checkpoint.path);
  std::vector<std::vector<Tensor>> samples = samples_for(model, job.data, warnings_);
  options.keep = [&](const std::string& weight) {
    return wanted.contains(weight) ? std::string() : std::string("is not to be quantized");
  };
  options.on_progress = job.progress;
  options.on_warning = job.on_warning;
  const fs::path folder = journal_folder(output);
  journal_.emplace(folder, gptq_fingerprint(model, samples, options));
  if (journal_->found() == GptqJournal::Found::another_run) {
    warnings_.push_back(fmt::format("{} was of another run; started over", folder.string()));
  }
  options.journal = &*journal_;
  try {
    const GptqModelReport done = gptq_model(model, std::move(samples), options,
                                            [&](const auto&, const auto& report) { wanted.erase(report.name); });
    warnings_.insert(warnings_.end(), done.warnings.begin(), done.warnings.end());
  } catch (...) {
    journal_->give_up();
  }
  if (!wanted.empty()) {
    fail(ErrorKind::unsupported, checkpoint.path.string(), "'{}' has no place in the model's graph; --exclude it",
         *wanted.begin());
  }
}

FinishedWeight SolvedWeights::find(const std::string& weight) const {
  std::optional<FinishedWeight> found = journal_->find(weight);
  if (!found) fail(ErrorKind::internal, weight, "is not in the journal any more");
  return std::move(*found);
}

}  // namespace zeropoint
