#include <algorithm>
#include <map>
#include <unordered_map>
#include <vector>

#include "base/fail.h"
#include "base/interrupt.h"
#include "base/staging_folder.h"
#include "exporters/onnx.h"
#include "methods/weight_target.h"
#include "passes/matmul_nbits_weight.h"
#include "pipeline/convert_checkpoint.h"
#include "pipeline/preflight.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMegabyte = 1'000'000;

class Converter {
 public:
  Converter(const CodedCheckpoint& from, OnnxWeightForm form, const fs::path& output, const ConvertJob& job)
      : from_(from), form_(form), output_(output), job_(job) {
    report_.method = "convert";
    report_.format = form == OnnxWeightForm::dequantize_linear ? "onnx" : "matmulnbits";
  }

  CheckpointReport run() {
    plan();
    announce(report_.preflight, output_, job_);
    StagingFolder staging(output_);
    model_ = find_architecture(from_.checkpoint()).build(from_.checkpoint());
    load_codes();
    insert_quantized_weights(model_, matrices_, form_);
    fold_constants(model_);  // Cast and Transpose of what stays float
    measure();
    matrices_.clear();
    check_interrupt();
    staging.in_final_names([&] { save_onnx(model_, staging.file()); });
    report_.output_bytes = staging.bytes();
    staging.commit();
    return std::move(report_);
  }

 private:
  /// nullptr for floats and for tables, which products do not read.
  const WeightForm* carried(const StoredTensor& tensor) const {
    return from_.is_table(tensor) ? nullptr : from_.form(tensor, report_.format);
  }

  /// Refuses what ONNX cannot hold before anything is decoded.
  void plan() {
    Preflight& p = report_.preflight;
    for (const StoredTensor& tensor : from_.tensors()) {
      p.input_bytes += tensor.bytes;
      const WeightForm* form = carried(tensor);
      const auto elements = static_cast<std::uint64_t>(element_count(tensor.shape));
      if (form == nullptr) {
        const std::uint64_t bytes = tensor.encoding.empty() ? tensor.bytes : sizeof(float) * elements;
        p.output_bytes += bytes;
        p.peak_memory += 2 * bytes;  // as stored, and folded
        continue;
      }
      if (const std::string reason = objection(form->scheme); !reason.empty()) {
        from_.refuse(tensor, report_.format, reason);
      }
      ++p.weights;
      const std::uint64_t coded = bytes_of(*form);
      p.output_bytes += coded;
      p.peak_memory += (sizeof(float) + 1) * elements + 2 * coded;  // floats for the graph, codes, what is written
    }
    p.seconds =
        static_cast<double>(p.peak_memory) / kDiskRate;  // pages that are new are hardly faster to fill than a disk
    if (p.weights == 0) fail(ErrorKind::invalid_option, from_.where(), "holds no quantized linear layer");
  }

  std::string objection(const WeightScheme& scheme) const {
    const auto* matrix = std::get_if<MatrixScheme>(&scheme);
    if (matrix == nullptr) return "ONNX holds codes with scale and zero point";
    if (matrix->act_order) return "ONNX cannot group columns in another order";
    if (form_ == OnnxWeightForm::matmul_nbits && !fits_matmul_nbits(*matrix)) {
      return "MatMulNBits needs blocks of a multiple of 16, or whole rows";
    }
    return "";
  }

  static std::uint64_t bytes_of(const WeightForm& form) {
    const auto& scheme = std::get<MatrixScheme>(form.scheme);
    const auto elements = static_cast<std::uint64_t>(form.rows * form.columns);
    const auto grids = static_cast<std::uint64_t>(element_count(matrix_grid_shape(scheme, form.rows, form.columns)));
    return elements * (scheme.bits < 8 ? 4 : 8) / 8 + grids * (sizeof(float) + (scheme.symmetric ? 0 : 1));
  }

  /// Of the products that can read codes; the weights of others stay as the floats that the graph has.
  void load_codes() {
    const WeightTargets found = find_weight_targets(model_);
    std::unordered_map<std::string, std::string> reasons;
    for (const DeclinedProduct& declined : found.declined) reasons[declined.weight] = declined.reason;
    std::vector<std::string> tables;
    std::uint64_t done = 0;
    for (const StoredTensor& tensor : from_.tensors()) {
      check_interrupt();
      done += tensor.bytes;
      if (tensor.encoding.empty()) continue;
      const WeightForm* form = carried(tensor);
      const auto target = std::ranges::find(found.targets, tensor.name, &WeightTarget::name);
      if (form == nullptr || target == found.targets.end()) {
        const auto reason = reasons.find(tensor.name);
        if (reason == reasons.end()) {
          tables.push_back(tensor.name);
        } else {
          report_.warnings.push_back(floats_note({tensor.name}, reason->second));
        }
        continue;
      }
      matrices_[tensor.name] = std::get<QuantizedMatrix>(from_.load(tensor));
      from_.checkpoint().weights->release(tensor);
      forms_.push_back(form);
      if (job_.progress) {
        job_.progress(static_cast<std::int64_t>(done) / kMegabyte,
                      static_cast<std::int64_t>(report_.preflight.input_bytes) / kMegabyte);
      }
    }
    if (!tables.empty()) report_.warnings.push_back(floats_note(tables, "no matrix product reads it"));
    if (matrices_.empty()) fail(ErrorKind::invalid_option, from_.where(), "no product of its graph can read codes");
  }

  /// Bytes of the codes, scales and zero points in the model.
  void measure() {
    double all_bytes = 0;
    double elements = 0;
    for (const WeightForm* form : forms_) {
      std::uint64_t bytes = 0;
      for (const char* suffix : {"_quantized", "_scale", "_zero_point"}) {
        const ValueId part = model_.graph.find(form->name + suffix);
        if (part != kNoValue) bytes += model_.graph.value(part).constant.bytes();
      }
      report_.weights.push_back(carried_weight(*form, bytes));
      all_bytes += static_cast<double>(bytes);
      elements += static_cast<double>(form->rows) * static_cast<double>(form->columns);
    }
    report_.bits_per_weight = 8.0 * all_bytes / elements;
  }

  const CodedCheckpoint& from_;
  const OnnxWeightForm form_;
  const fs::path& output_;
  const ConvertJob& job_;
  Model model_;
  std::map<std::string, QuantizedMatrix> matrices_;
  std::vector<const WeightForm*> forms_;  // of matrices_, in the order of the store
  CheckpointReport report_;
};

}  // namespace

CheckpointReport convert_to_onnx(const CodedCheckpoint& from, OnnxWeightForm form, const fs::path& output,
                                 const ConvertJob& job) {
  return Converter(from, form, output, job).run();
}

}  // namespace zeropoint
