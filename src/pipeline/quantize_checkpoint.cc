// From a checkpoint to a quantized one, a tensor at a time.
#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/fail.h"
#include "base/interrupt.h"
#include "exporters/safetensors_writer.h"
#include "formats/matrix_parts.h"
#include "methods/finite_weight.h"
#include "pipeline/carried_files.h"
#include "pipeline/checkpoint_plan.h"
#include "pipeline/copy_tensor.h"
#include "pipeline/encoded_output.h"
#include "pipeline/existing_output.h"
#include "pipeline/preflight.h"
#include "pipeline/row_pieces.h"
#include "pipeline/solved_weights.h"
#include "pipeline/weight_error.h"
#include "tensor/transpose.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMegabyte = 1'000'000;
constexpr std::int64_t kSampleElements = 1 << 20;

class Quantizer {
 public:
  Quantizer(const fs::path& input, const fs::path& output, const CheckpointJob& job)
      : output_(output),
        job_(job),
        method_(find_method(job.method)),
        format_(require_format(job.format.empty() ? method_.format : std::string_view(job.format))),
        checkpoint_(open_checkpoint(input)),
        plan_(plan_checkpoint(checkpoint_, method_, format_, job)) {
    report_.method = method_.name;
    report_.format = format_.name;
  }

  CheckpointReport run() {
    check_input();
    OutputFolder folder(output_, existing_output(output_, job_.force));
    preflight();
    if (method_.needs_data) solve();
    folder.in_final_names([&] { write(folder.path()); });
    folder.commit();
    if (solved_) solved_->forget();
    report_.bits_per_weight = elements_ > 0 ? 8.0 * static_cast<double>(coded_bytes_) / elements_ : 0;
    return std::move(report_);
  }

 private:
  void write(const fs::path& folder) {
    SafetensorsWriter writer(folder, plan_.outputs(format_), {.max_shard_bytes = job_.max_shard_bytes});
    for (const PlannedTensor& planned : plan_.tensors) {
      check_interrupt();
      if (planned.is_quantized) {
        quantize(planned, writer);
      } else {
        copy_tensor(checkpoint_, *planned.tensor, planned.must_be_finite, writer);
      }
      note(planned);
      advance(planned.tensor->bytes);
    }
    warn_of_notes();
    writer.finish();
    report_.output_bytes = writer.bytes();
    write_companions(checkpoint_, format_.config(plan_.model), folder);
  }

  void solve() {
    for (const PlannedTensor& planned : plan_.tensors) {
      if (planned.must_be_finite && !planned.is_quantized) require_finite(checkpoint_, *planned.tensor);
    }
    solved_->solve();
    report_.resumed = solved_->resumed();
    report_.warnings.insert(report_.warnings.end(), solved_->warnings().begin(), solved_->warnings().end());
  }

  void check_input() {
    if (method_.needs_data && job_.data.path.empty()) {
      fail(ErrorKind::invalid_option, "--data", "is needed: {} makes up for errors on calibration data", method_.name);
    }
    if (!method_.needs_data && !job_.data.path.empty()) {
      fail(ErrorKind::invalid_option, "--data", "is not read: {} looks at weights alone", method_.name);
    }
    std::error_code ignored;
    if (fs::equivalent(checkpoint_.path, output_, ignored)) {
      fail(ErrorKind::invalid_option, "--output", "'{}' is the input; it is never overwritten", output_.string());
    }
    const auto is_encoded = [](const StoredTensor& t) { return !t.encoding.empty(); };
    const auto encoded = std::ranges::find_if(checkpoint_.weights->tensors(), is_encoded);
    if (encoded != checkpoint_.weights->tensors().end()) {
      report_.warnings.push_back(
          fmt::format("'{}' is quantized already ({}): the new error comes on top of the old one", encoded->name,
                      encoded->encoding));
    }
    warn_of_growth();
  }

  /// Codes of factors bring a table and an offset per weight, which small weights do not earn back.
  void warn_of_growth() {
    if (!job_.options.double_quantization) return;
    std::uint64_t nested = 0;
    std::uint64_t simple = 0;
    for (WeightForm form : plan_.model.weights) {
      nested += storage_bytes(format_.parts(form));
      std::get<CodebookScheme>(form.scheme).double_quantization = false;
      simple += storage_bytes(format_.parts(form));
    }
    if (nested <= simple) return;
    report_.warnings.push_back(
        fmt::format("--double-quantization makes these weights larger, {} instead of {}: each is too small to make up "
                    "for the table that it brings",
                    bytes_text(nested), bytes_text(simple)));
  }

  void preflight() {
    Preflight& p = report_.preflight;
    p.weights = plan_.model.weights.size();
    for (const PlannedTensor& planned : plan_.tensors) {
      p.input_bytes += planned.tensor->bytes;
      p.peak_memory = std::max(p.peak_memory, working_set(planned));
    }
    p.peak_memory += kBaseMemory;
    p.output_bytes = storage_bytes(plan_.outputs(format_));
    for (const fs::path& file : carried_files(checkpoint_)) p.output_bytes += fs::file_size(file);
    p.available_memory = available_memory();
    p.free_disk = free_disk(output_);
    if (method_.needs_data) {
      prepare_to_solve();
    } else {
      p.seconds = rounding_seconds();
    }
    p.seconds += static_cast<double>(p.output_bytes) / kDiskRate;
    if (job_.on_preflight) job_.on_preflight(p);
    if (!job_.force) require_resources(p, output_);
  }

  /// Opens the model and the data, which hold the rest of what is to be known. Weights that the file has encoded are
  /// decoded for it.
  void prepare_to_solve() {
    Preflight& p = report_.preflight;
    std::uint64_t decoded = 0;
    for (const StoredTensor& tensor : checkpoint_.weights->tensors()) {
      if (!tensor.encoding.empty()) decoded += 4 * static_cast<std::uint64_t>(element_count(tensor.shape));
    }
    p.peak_memory = std::max(p.peak_memory, kBaseMemory + decoded);
    if (!job_.force) require_resources(p, output_);
    solved_.emplace(checkpoint_, output_, job_, plan_, format_);
    const GptqCost cost = solved_->cost();
    p.peak_memory = std::max(p.peak_memory, kBaseMemory + decoded + cost.memory);
    p.journal_bytes = cost.journal_bytes;
    p.seconds = solved_->seconds();
  }

  /// Source, perhaps decoded and transposed, codes, and the parts of the file, of which packing needs a second copy.
  std::uint64_t working_set(const PlannedTensor& planned) const {
    const StoredTensor& tensor = *planned.tensor;
    const auto elements = static_cast<std::uint64_t>(element_count(tensor.shape));
    const std::uint64_t decoded = tensor.encoding.empty() ? 0 : 4 * elements;
    if (!planned.is_quantized) return std::min(tensor.bytes, kCopyPiece) + decoded;
    const std::uint64_t source = tensor.bytes * (planned.form.is_in_out ? 2 : 1);
    return source + decoded + elements + 2 * storage_bytes(format_.parts(planned.form));
  }

  /// From some rows of the first matrix.
  double rounding_seconds() const {
    const auto first = std::ranges::find_if(plan_.tensors, &PlannedTensor::is_quantized);
    const WeightForm& form = first->form;
    const Tensor weight = checkpoint_.weights->read(*first->tensor);
    const std::int64_t rows = std::clamp<std::int64_t>(kSampleElements / weight.dim(1), 1, weight.dim(0));
    const Tensor sample = Tensor::view(weight.dtype(), {rows, weight.dim(1)}, weight.raw(), weight.owner());
    const auto begin = std::chrono::steady_clock::now();
    method_.quantize(sample, form.scheme, job_.options, format_.grid_storage(form.stored), place(form.name));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    double elements = 0;
    for (const WeightForm& each : plan_.model.weights) elements += static_cast<double>(each.rows * each.columns);
    return seconds.count() / static_cast<double>(sample.size()) * elements;
  }

  std::string place(const std::string& weight) const {
    return fmt::format("{}: '{}'", checkpoint_.path.string(), weight);
  }

  void quantize(const PlannedTensor& planned, SafetensorsWriter& writer) {
    const WeightForm& form = planned.form;
    Tensor weight = checkpoint_.weights->read(*planned.tensor);
    if (form.is_in_out) weight = transposed(weight);
    WeightReport row{.name = form.name, .encoding = to_string(form.scheme), .rows = form.rows, .columns = form.columns};
    if (goes_by_rows(method_, format_, form)) {
      row.sqnr_db = quantize_by_rows(weight, form, method_, job_.options, format_, place(form.name), writer);
      weight = {};
      checkpoint_.weights->release(*planned.tensor);
      report_.weights.push_back(std::move(row));
      return;
    }
    QuantizedWeight quantized;
    if (solved_) {
      FinishedWeight finished = solved_->find(planned.tensor->name);
      quantized = std::move(finished.matrix);
      row.loss = finished.report.gptq.loss;
      row.rounding_loss = finished.report.gptq.rounding_loss;
      row.damping = finished.report.gptq.damping;
      row.input_rows = finished.report.input_rows;
    } else {
      quantized =
          method_.quantize(weight, form.scheme, job_.options, format_.grid_storage(form.stored), place(form.name));
    }
    row.sqnr_db = power_of(weight, quantized).sqnr_db();
    weight = {};
    checkpoint_.weights->release(*planned.tensor);
    write_weight(format_, form, quantized, checkpoint_.path, writer);
    report_.weights.push_back(std::move(row));
  }

  /// Completes the row of a quantized weight, and says of others why they stay.
  void note(const PlannedTensor& planned) {
    const StoredTensor& tensor = *planned.tensor;
    const double elements = static_cast<double>(element_count(tensor.shape));
    if (planned.is_quantized) {
      const std::uint64_t bytes = storage_bytes(format_.parts(planned.form));
      report_.weights.back().bits_per_weight = 8.0 * static_cast<double>(bytes) / elements;
      coded_bytes_ += bytes;
      elements_ += elements;
    } else if (!planned.note.empty()) {
      report_.weights.push_back({.name = tensor.name,
                                 .encoding = std::string(name(tensor.dtype)),
                                 .rows = planned.form.rows,
                                 .columns = planned.form.columns,
                                 .sqnr_db = std::numeric_limits<double>::infinity(),
                                 .bits_per_weight = static_cast<double>(bits(tensor.dtype))});
    }
    if (planned.note.empty()) return;
    report_.weights.back().note = planned.note;
    noted_[planned.note].push_back(tensor.name);
  }

  /// One sentence for all weights with one reason.
  void warn_of_notes() {
    for (const auto& [reason, weights] : noted_) {
      std::string who = fmt::format("'{}'", weights.front());
      if (weights.size() > 1) who += fmt::format(" and {} more", weights.size() - 1);
      report_.warnings.push_back(fmt::format("{}: {}", who, reason));
    }
  }

  void advance(std::uint64_t bytes) {
    done_bytes_ += bytes;
    if (job_.progress) {
      job_.progress(static_cast<std::int64_t>(done_bytes_) / kMegabyte,
                    static_cast<std::int64_t>(report_.preflight.input_bytes) / kMegabyte);
    }
  }

  const fs::path& output_;
  const CheckpointJob& job_;
  const Method& method_;
  const Format& format_;
  const Checkpoint checkpoint_;
  const CheckpointPlan plan_;
  CheckpointReport report_;
  std::map<std::string, std::vector<std::string>> noted_;  // why weights are not as asked for, and which
  std::optional<SolvedWeights> solved_;                    // of a method that works on the whole model
  std::uint64_t done_bytes_ = 0;
  std::uint64_t coded_bytes_ = 0;
  double elements_ = 0;
};

}  // namespace

CheckpointReport quantize_checkpoint(const fs::path& input, const fs::path& output, const CheckpointJob& job) {
  return Quantizer(input, output, job).run();
}

}  // namespace zeropoint
