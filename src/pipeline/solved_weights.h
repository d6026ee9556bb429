// Weights that GPTQ solves for over the whole model, on calibration data, before any of them is written.
//
// They wait in a journal beside the output, a file each, so that memory stays that of one layer and an interrupted run
// goes on where it was.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "methods/gptq_journal.h"
#include "pipeline/checkpoint_plan.h"

namespace zeropoint {

class SolvedWeights {
 public:
  /// Solves for every weight that `plan` quantizes, on grids that `format` holds. Throws what load_model(),
  /// Dataset::open() and gptq_model() throw.
  SolvedWeights(const Checkpoint& checkpoint, const std::filesystem::path& output, const CheckpointJob& job,
                const CheckpointPlan& plan, const Format& format);

  /// By its name in the checkpoint. Throws internal for one that was not solved for.
  FinishedWeight find(const std::string& weight) const;

  const std::vector<std::string>& warnings() const { return warnings_; }

  void forget() { journal_->remove(); }  ///< The output is complete.

 private:
  std::optional<GptqJournal> journal_;
  std::vector<std::string> warnings_;
};

}  // namespace zeropoint
