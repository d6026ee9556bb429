#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/fail.h"
#include "base/interrupt.h"
#include "checkpoint/gguf_store.h"
#include "formats/matrix_parts.h"
#include "pipeline/carried_files.h"
#include "pipeline/convert_checkpoint.h"
#include "pipeline/copy_tensor.h"
#include "pipeline/encoded_output.h"
#include "pipeline/existing_output.h"
#include "pipeline/linear_layers.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMegabyte = 1'000'000;

class Converter {
 public:
  Converter(const CodedCheckpoint& from, const Format& format, const fs::path& output, const ConvertJob& job)
      : from_(from), format_(format), output_(output), job_(job) {
    report_.method = "convert";
    report_.format = format_.name;
  }

  CheckpointReport run() {
    plan();
    OutputFolder folder(output_, existing_output(output_, job_.force));
    preflight();
    folder.in_final_names([&] { write(folder.path()); });
    folder.commit();
    report_.bits_per_weight = elements_ > 0 ? 8.0 * static_cast<double>(coded_bytes_) / elements_ : 0;
    return std::move(report_);
  }

 private:
  void write(const fs::path& folder) {
    SafetensorsWriter writer(folder, specs_, {.max_shard_bytes = job_.max_shard_bytes});
    std::uint64_t done = 0;
    for (const StoredTensor& tensor : from_.tensors()) {
      check_interrupt();
      if (const WeightForm* form = carried(tensor)) {
        convert(tensor, *form, writer);
      } else {
        copy_tensor(from_.checkpoint(), tensor, false, writer);
      }
      from_.checkpoint().weights->release(tensor);
      done += tensor.bytes;
      if (job_.progress) {
        job_.progress(static_cast<std::int64_t>(done) / kMegabyte,
                      static_cast<std::int64_t>(report_.preflight.input_bytes) / kMegabyte);
      }
    }
    writer.finish();
    report_.output_bytes = writer.bytes();
    write_companions(from_.checkpoint(), format_.config(model_), folder);
  }

  /// What goes there as codes; nullptr for floats.
  const WeightForm* carried(const StoredTensor& tensor) const {
    if (from_.is_table(tensor) && !format_.holds_embeddings) return nullptr;
    return from_.form(tensor, format_.name);
  }

  /// What will be written; refuses what the format cannot hold before anything is.
  void plan() {
    model_.method = method();
    std::vector<std::string> tables;
    for (const StoredTensor& tensor : from_.tensors()) {
      const WeightForm* form = carried(tensor);
      if (form == nullptr) {
        if (!tensor.encoding.empty()) tables.push_back(tensor.name);
        specs_.push_back({tensor.name, tensor.dtype, tensor.shape});
        continue;
      }
      if (const std::string objection = format_.objection(*form); !objection.empty()) {
        from_.refuse(tensor, format_.name, objection);
      }
      model_.weights.push_back(*form);
      for (TensorSpec& part : format_.parts(*form)) specs_.push_back(std::move(part));
    }
    if (model_.weights.empty()) {
      fail(ErrorKind::invalid_option, from_.where(), "holds no quantized linear layer, and {} no codes elsewhere",
           format_.name);
    }
    require_one_description();
    model_.skipped = float_layers();
    if (!tables.empty()) {
      report_.warnings.push_back(floats_note(tables, fmt::format("{} holds linear layers only", format_.name)));
    }
    if (!gguf_fields(*from_.checkpoint().weights).empty()) {
      report_.warnings.emplace_back(
          "the tokenizer is not carried: Hugging Face has it in files of its own, which a GGUF file does not hold");
    }
  }

  std::string method() const {
    const auto config = from_.checkpoint().config.find("quantization_config");
    if (config == from_.checkpoint().config.end()) return "gguf";
    return text_of(*config, "method", text_of(*config, "quant_method", ""));
  }

  void require_one_description() const {
    const WeightForm& first = model_.weights.front();
    for (const WeightForm& form : model_.weights) {
      if (format_.can_share == nullptr || format_.can_share(first, form)) continue;
      fail(ErrorKind::invalid_data, from_.where(),
           "'{}' is {} and '{}' is {}: {} has one description for both in config.json; plain and pack-quantized hold "
           "such mixtures",
           first.name, to_string(first.scheme), form.name, to_string(form.scheme), format_.name);
    }
  }

  std::vector<std::string> float_layers() const {
    std::unordered_set<std::string> quantized;
    for (const WeightForm& form : model_.weights) quantized.insert(form.name);
    return float_linear_layers(from_.checkpoint(), from_.places(), quantized);
  }

  void preflight() {
    Preflight& p = report_.preflight;
    p.weights = model_.weights.size();
    for (const StoredTensor& tensor : from_.tensors()) {
      p.input_bytes += tensor.bytes;
      p.peak_memory = std::max(p.peak_memory, working_set(tensor));
    }
    p.output_bytes = storage_bytes(specs_);
    for (const fs::path& file : carried_files(from_.checkpoint())) p.output_bytes += fs::file_size(file);
    announce(p, output_, job_);
  }

  /// The file's pages; codes, perhaps reordered, and the parts of the output, of which packing needs a second copy. Or
  /// floats.
  std::uint64_t working_set(const StoredTensor& tensor) const {
    if (tensor.encoding.empty()) return std::min(tensor.bytes, kCopyPiece);
    const auto elements = static_cast<std::uint64_t>(element_count(tensor.shape));
    const WeightForm* form = carried(tensor);
    if (form == nullptr) return tensor.bytes + sizeof(float) * elements;
    return tensor.bytes + 2 * elements + 2 * storage_bytes(format_.parts(*form));
  }

  void convert(const StoredTensor& tensor, const WeightForm& form, SafetensorsWriter& writer) {
    const QuantizedWeight weight = from_.load(tensor);
    write_weight(format_, form, weight, from_.checkpoint().path, writer);
    const std::uint64_t bytes = storage_bytes(format_.parts(form));
    report_.weights.push_back(carried_weight(form, bytes));
    coded_bytes_ += bytes;
    elements_ += static_cast<double>(form.rows) * static_cast<double>(form.columns);
  }

  const CodedCheckpoint& from_;
  const Format& format_;
  const fs::path& output_;
  const ConvertJob& job_;
  ModelForm model_;
  std::vector<TensorSpec> specs_;
  CheckpointReport report_;
  std::uint64_t coded_bytes_ = 0;
  double elements_ = 0;
};

}  // namespace

CheckpointReport convert_to_safetensors(const CodedCheckpoint& from, const Format& format, const fs::path& output,
                                        const ConvertJob& job) {
  return Converter(from, format, output, job).run();
}

}  // namespace zeropoint
