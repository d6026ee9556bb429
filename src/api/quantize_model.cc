#include "api/network.h"
#include "api/plan_options.h"
#include "api/quantize_warnings.h"
#include "base/atomic_file.h"
#include "base/fail.h"
#include "base/mapped_file.h"
#include "base/overwrite.h"
#include "base/staging_folder.h"
#include "checkpoint/checkpoint.h"
#include "exporters/onnx.h"
#include "frontends/onnx.h"
#include "plan/verify.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

// Batches that quantized models are compared on: enough to tell good from bad, cheap beside calibration.
constexpr std::size_t kReferenceBatches = 8;

class Quantizer {
 public:
  Quantizer(const fs::path& input, const fs::path& output, const QuantizeJob& job)
      : input_(input), output_(output), job_(job), staging_(checked_output()), network_(Network::load(input)) {
    if (!job.save_plan.empty()) plan_file_.emplace(job.save_plan);
  }

  QuantizeReport run() {
    open_data();
    report_.plan = chosen_plan();
    warn();
    staging_.in_final_names([&] { write_and_verify(); });
    if (plan_file_) {
      plan_file_->write(report_.plan.to_json());
      plan_file_->sync();  // from here on only renames can fail: both files appear, or neither
    }
    report_.output_bytes = staging_.bytes();
    staging_.commit();
    if (plan_file_) plan_file_->commit();
    report_.input_bytes = input_bytes();
    return std::move(report_);
  }

 private:
  const fs::path& checked_output() const {
    check_job();
    const ReadPath inputs[] = {{"the input", input_},
                               {"what --data reads", job_.data.path},
                               {"what --statistics reads", job_.statistics},
                               {"what --plan reads", job_.plan}};
    const WrittenPath outputs[] = {{"--output", output_}, {"--save-plan", job_.save_plan}};
    require_no_overwrite(inputs, std::span(outputs).first(job_.save_plan.empty() ? 1 : 2));
    return output_;
  }

  void check_job() const {
    check_options(job_.options);
    if (job_.data.path.empty() && job_.statistics.empty() && job_.plan.empty()) {
      fail(ErrorKind::invalid_option, "--data", "is needed: ranges of activations come from calibration data");
    }
    if (!job_.plan.empty() && !job_.statistics.empty()) {
      fail(ErrorKind::invalid_option, "--statistics", "has no use with --plan, which has every scale already");
    }
  }

  // Without data there is still something to run the written model on, but nothing to judge it by.
  void open_data() {
    if (job_.data.path.empty()) {
      data_ = open_dataset(network_.impl(), {.path = "random", .limit = 1});
      report_.warnings.push_back(
          fmt::format("no --data was given: the written model was compared on random input, which says little of its "
                      "accuracy; the ranges are those of {}",
                      job_.plan.empty() ? "--statistics" : "--plan"));
      return;
    }
    data_ = open_dataset(network_.impl(), job_.data);
    for (const std::string& warning : data_->warnings()) report_.warnings.push_back(warning);
  }

  std::uintmax_t input_bytes() const {
    if (!is_checkpoint(input_)) return fs::file_size(input_);
    std::uintmax_t sum = 0;
    for (const StoredTensor& tensor : open_checkpoint(input_).weights->tensors()) sum += tensor.bytes;
    return sum;
  }

  static std::string read_text(const fs::path& path) { return std::string(MappedFile::open(path)->text()); }

  /// A row that was edited to stay float has no reason from the time when it was quantized.
  QuantPlan given_plan() const {
    QuantPlan plan = QuantPlan::from_json(read_text(job_.plan), job_.plan.string());
    for (PlanNode& node : plan.nodes) {
      if (!node.is_quantized && node.reason.empty()) node.reason = "the plan says so";
    }
    return plan;
  }

  QuantPlan chosen_plan() {
    if (!job_.plan.empty()) {
      make_reference();
      return given_plan();
    }
    const Calibration seen = job_.statistics.empty() ? calibrate_on(network_.impl(), *data_, job_.options,
                                                                    StatisticsUse::this_observer, job_.progress)
                                                     : Calibration::load(job_.statistics);
    report_.calibration_samples = seen.samples();
    make_reference();
    const bool is_judge = !job_.data.path.empty();
    PlanResult result = best_plan(network_, seen, job_.options, is_judge ? &*reference_ : nullptr);
    for (std::string& warning : result.warnings) report_.warnings.push_back(std::move(warning));
    return std::move(result.plan);
  }

  // The float model's answers on the first batches, once calibration has read the data.
  void make_reference() {
    data_->rewind();
    std::vector<std::vector<Tensor>> batches;
    while (batches.size() < kReferenceBatches) {
      auto batch = data_->next();
      if (!batch) break;
      batches.push_back(std::move(batch->inputs));
      report_.verification_samples += batch->samples;
    }
    reference_.emplace(network_.impl().program(), std::move(batches));
  }

  void warn() {
    std::string warning = quantized_already(network_.impl().model.graph, report_.plan);
    if (warning.empty()) warning = nothing_quantized(report_.plan);
    if (!warning.empty()) report_.warnings.push_back(std::move(warning));
  }

  Network applied() const try { return apply_plan(network_, report_.plan); } catch (const Error& e) {
    if (job_.plan.empty() || e.where() != "plan") throw;
    throw Error(e.kind(), job_.plan.string(), e.message());
  }

  void write_and_verify() {
    applied().save(staging_.file());
    const Network written = Network::load(staging_.file());
    report_.outputs = reference_->compare(written.impl().program(), output_.string());
  }

  const fs::path& input_;
  const fs::path& output_;
  const QuantizeJob& job_;
  StagingFolder staging_;
  std::optional<AtomicFile> plan_file_;  // created before the work, so that a wrong path is known early
  const Network network_;
  std::unique_ptr<Dataset> data_;
  std::optional<Reference> reference_;
  QuantizeReport report_;
};

}  // namespace

QuantizeReport quantize_model(const fs::path& input, const fs::path& output, const QuantizeJob& job) {
  return Quantizer(input, output, job).run();
}

}  // namespace zeropoint
