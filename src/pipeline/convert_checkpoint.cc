// From one quantized checkpoint to another that says the same: codes, scales and zero points are carried, not floats.
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "architectures/architecture.h"
#include "base/fail.h"
#include "base/interrupt.h"
#include "base/output_folder.h"
#include "formats/decoded_store.h"
#include "formats/matrix_parts.h"
#include "pipeline/carried_files.h"
#include "pipeline/copy_tensor.h"
#include "pipeline/encoded_output.h"
#include "pipeline/linear_layers.h"
#include "pipeline/preflight.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMegabyte = 1'000'000;

const DecodedStore& decoded_store(const Checkpoint& checkpoint) {
  const auto* store = dynamic_cast<const DecodedStore*>(checkpoint.weights.get());
  if (store != nullptr) return *store;
  fail(ErrorKind::invalid_option, checkpoint.path.string(),
       "holds no quantized safetensors to convert; 'zeropoint quantize' takes floats and GGUF files");
}

class Converter {
 public:
  Converter(const fs::path& input, const fs::path& output, const ConvertJob& job)
      : output_(output),
        job_(job),
        format_(require_format(job.format)),
        checkpoint_(open_checkpoint(input)),
        store_(decoded_store(checkpoint_)) {
    report_.method = "convert";
    report_.format = format_.name;
  }

  CheckpointReport run() {
    std::error_code ignored;
    if (fs::equivalent(checkpoint_.path, output_, ignored)) {
      fail(ErrorKind::invalid_option, "--output", "'{}' is the input; it is never overwritten", output_.string());
    }
    plan();
    preflight();
    OutputFolder folder(output_, job_.force ? OutputFolder::Existing::replace : OutputFolder::Existing::refuse);
    folder.in_final_names([&] { write(folder.path()); });
    folder.commit();
    report_.bits_per_weight = elements_ > 0 ? 8.0 * static_cast<double>(coded_bytes_) / elements_ : 0;
    return std::move(report_);
  }

 private:
  void write(const fs::path& folder) {
    SafetensorsWriter writer(folder, specs_, {.max_shard_bytes = job_.max_shard_bytes});
    std::uint64_t done = 0;
    for (const StoredTensor& tensor : store_.tensors()) {
      check_interrupt();
      if (const EncodedWeight* encoded = store_.encoded(tensor)) {
        convert(tensor, *encoded, writer);
      } else {
        copy_tensor(checkpoint_, tensor, false, writer);
      }
      store_.release(tensor);
      done += tensor.bytes;
      if (job_.progress) {
        job_.progress(static_cast<std::int64_t>(done) / kMegabyte,
                      static_cast<std::int64_t>(report_.preflight.input_bytes) / kMegabyte);
      }
    }
    writer.finish();
    report_.output_bytes = writer.bytes();
    write_companions(checkpoint_, format_.config(model_), folder);
  }

  /// What will be written; refuses what the format cannot hold before anything is.
  void plan() {
    const nlohmann::ordered_json& from = checkpoint_.config.at("quantization_config");
    model_.method = text_of(from, "method", text_of(from, "quant_method", ""));
    for (const StoredTensor& tensor : store_.tensors()) {
      const EncodedWeight* encoded = store_.encoded(tensor);
      if (encoded == nullptr) {
        specs_.push_back({tensor.name, tensor.dtype, tensor.shape});
        continue;
      }
      if (const std::string objection = format_.objection(encoded->form); !objection.empty()) {
        fail(ErrorKind::invalid_data, checkpoint_.path.string(), "'{}' ({}) cannot become {}: {}", tensor.name,
             tensor.encoding, format_.name, objection);
      }
      model_.weights.push_back(encoded->form);
      for (TensorSpec& part : format_.parts(encoded->form)) specs_.push_back(std::move(part));
    }
    if (model_.weights.empty()) fail(ErrorKind::invalid_option, checkpoint_.path.string(), "holds no quantized weight");
    require_one_scheme();
    model_.skipped = float_layers();
  }

  /// A format with one description for all weights cannot hold several kinds of them.
  void require_one_scheme() const {
    const WeightForm& first = model_.weights.front();
    for (const WeightForm& form : model_.weights) {
      if (format_.is_uniform && form.scheme != first.scheme) {
        fail(ErrorKind::invalid_data, checkpoint_.path.string(),
             "'{}' is {} and '{}' is {}: {} describes all weights alike", first.name, to_string(first.scheme),
             form.name, to_string(form.scheme), format_.name);
      }
    }
  }

  std::vector<std::string> float_layers() const {
    std::vector<WeightPlace> places;
    try {
      places = find_architecture(checkpoint_).weights(checkpoint_);
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::unsupported) throw;
    }
    std::unordered_set<std::string> quantized;
    for (const WeightForm& form : model_.weights) quantized.insert(form.name);
    return float_linear_layers(checkpoint_, places, quantized);
  }

  void preflight() {
    Preflight& p = report_.preflight;
    p.weights = model_.weights.size();
    for (const StoredTensor& tensor : store_.tensors()) {
      p.input_bytes += tensor.bytes;
      const auto elements = static_cast<std::uint64_t>(element_count(tensor.shape));
      if (store_.encoded(tensor) != nullptr) p.peak_memory = std::max(p.peak_memory, 3 * tensor.bytes + 2 * elements);
    }
    p.peak_memory += kBaseMemory;
    p.output_bytes = storage_bytes(specs_);
    for (const fs::path& file : carried_files(checkpoint_)) p.output_bytes += fs::file_size(file);
    p.available_memory = available_memory();
    p.free_disk = free_disk(output_);
    p.seconds = static_cast<double>(p.input_bytes + p.output_bytes) / kDiskRate;
    if (job_.on_preflight) job_.on_preflight(p);
    if (!job_.force) require_resources(p, output_);
  }

  void convert(const StoredTensor& tensor, const EncodedWeight& encoded, SafetensorsWriter& writer) {
    const WeightForm& form = encoded.form;
    const QuantizedWeight weight = store_.load(tensor);
    write_weight(format_, form, weight, checkpoint_.path, writer);
    const std::uint64_t bytes = storage_bytes(format_.parts(form));
    const double elements = static_cast<double>(form.rows) * static_cast<double>(form.columns);
    report_.weights.push_back({.name = form.name,
                               .encoding = to_string(form.scheme),
                               .rows = form.rows,
                               .columns = form.columns,
                               .sqnr_db = std::numeric_limits<double>::infinity(),
                               .bits_per_weight = 8.0 * static_cast<double>(bytes) / elements});
    coded_bytes_ += bytes;
    elements_ += elements;
  }

  const fs::path& output_;
  const ConvertJob& job_;
  const Format& format_;
  const Checkpoint checkpoint_;
  const DecodedStore& store_;
  ModelForm model_;
  std::vector<TensorSpec> specs_;
  CheckpointReport report_;
  std::uint64_t coded_bytes_ = 0;
  double elements_ = 0;
};

}  // namespace

CheckpointReport convert_checkpoint(const fs::path& input, const fs::path& output, const ConvertJob& job) {
  return Converter(input, output, job).run();
}

}  // namespace zeropoint
