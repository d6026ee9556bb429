#include "pipeline/coded_checkpoint.h"

#include <algorithm>
#include <limits>

#include "base/fail.h"
#include "base/overwrite.h"
#include "pipeline/preflight.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

std::vector<WeightPlace> places_of(const Checkpoint& checkpoint) {
  try {
    return find_architecture(checkpoint).weights(checkpoint);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::unsupported) throw;
    return {};
  }
}

}  // namespace

CodedCheckpoint::CodedCheckpoint(const fs::path& input, const fs::path& output)
    : checkpoint_(open_checkpoint(input)), store_(dynamic_cast<const CodedStore*>(checkpoint_.weights.get())) {
  const ReadPath inputs[] = {{"the input", input}};
  const WrittenPath outputs[] = {{"--output", output}};
  require_no_overwrite(inputs, outputs);
  const auto is_encoded = [](const StoredTensor& tensor) { return !tensor.encoding.empty(); };
  if (store_ == nullptr || std::ranges::none_of(tensors(), is_encoded)) {
    fail(ErrorKind::invalid_option, where(), "holds no quantized weight to convert; 'zeropoint quantize' takes floats");
  }
  places_ = places_of(checkpoint_);
  for (const WeightPlace& place : places_) roles_.emplace(place.name, place.role);
}

const WeightForm* CodedCheckpoint::form(const StoredTensor& tensor, std::string_view format) const {
  if (const std::string objection = store_->objection(tensor); !objection.empty()) refuse(tensor, format, objection);
  return store_->form(tensor);
}

bool CodedCheckpoint::is_table(const StoredTensor& tensor) const {
  const auto role = roles_.find(tensor.name);
  return role != roles_.end() && role->second != WeightRole::linear && role->second != WeightRole::output;
}

void CodedCheckpoint::refuse(const StoredTensor& tensor, std::string_view format, std::string_view reason) const {
  fail(ErrorKind::invalid_data, where(), "'{}' ({}) cannot become {}: {}", tensor.name, tensor.encoding, format,
       reason);
}

WeightReport carried_weight(const WeightForm& form, std::uint64_t bytes) {
  const double elements = static_cast<double>(form.rows) * static_cast<double>(form.columns);
  return {.name = form.name,
          .encoding = to_string(form.scheme),
          .rows = form.rows,
          .columns = form.columns,
          .sqnr_db = std::numeric_limits<double>::infinity(),
          .bits_per_weight = 8.0 * static_cast<double>(bytes) / elements};
}

std::string floats_note(const std::vector<std::string>& names, std::string_view why) {
  if (names.empty()) return "";
  if (names.size() == 1) return fmt::format("'{}' is written as float32: {}", names.front(), why);
  return fmt::format("'{}' and {} more are written as float32: {}", names.front(), names.size() - 1, why);
}

void announce(Preflight& preflight, const fs::path& output, const ConvertJob& job) {
  preflight.peak_memory += kBaseMemory;
  preflight.available_memory = available_memory();
  preflight.free_disk = free_disk(output);
  preflight.seconds += static_cast<double>(preflight.input_bytes + preflight.output_bytes) / kDiskRate;
  if (job.on_preflight) job.on_preflight(preflight);
  if (!job.force) require_resources(preflight, output);
}

}  // namespace zeropoint
