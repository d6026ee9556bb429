// Weights that GPTQ solves for over the whole model, on calibration data, before any of them is written.
//
// They wait in a journal beside the output, a file each, so that memory stays that of one layer and an interrupted run
// goes on where it was.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "methods/gptq_cost.h"
#include "methods/gptq_journal.h"
#include "pipeline/checkpoint_plan.h"

namespace zeropoint {

class SolvedWeights {
 public:
  /// Builds the model's graph and reads the samples. Throws what load_model() and Dataset::open() throw, and
  /// unsupported for a weight of `plan` that GPTQ cannot quantize in this graph: all before the work begins.
  SolvedWeights(const Checkpoint& checkpoint, std::filesystem::path output, const CheckpointJob& job,
                const CheckpointPlan& plan, const Format& format);
  SolvedWeights(const SolvedWeights&) = delete;
  SolvedWeights& operator=(const SolvedWeights&) = delete;

  GptqCost cost() const { return gptq_cost(model_, samples_, options_); }
  double seconds() const { return gptq_seconds(cost(), model_, options_); }

  /// Solves for every weight that the plan quantizes, on grids that the format holds. Throws what gptq_model() and
  /// GptqJournal throw.
  void solve();

  /// By its name in the checkpoint. Throws internal for one that was not solved for.
  FinishedWeight find(const std::string& weight) const;

  const std::vector<std::string>& warnings() const { return warnings_; }

  std::int64_t resumed() const { return resumed_; }  ///< Weights that an interrupted run had finished.

  void forget() { journal_->remove(); }  ///< The output is complete.

 private:
  void require_targets(const Checkpoint& checkpoint) const;

  std::filesystem::path output_;
  GptqJournal::OtherRun other_run_;
  Model model_;                               // until solve()
  std::vector<std::vector<Tensor>> samples_;  // until solve()
  std::set<std::string> wanted_;
  GptqModelOptions options_;
  std::optional<GptqJournal> journal_;
  std::vector<std::string> warnings_;
  std::int64_t resumed_ = 0;
};

}  // namespace zeropoint
