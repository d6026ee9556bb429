#include <algorithm>
#include <map>
#include <vector>

#include "base/fail.h"
#include "base/parallel.h"
#include "checkpoint/gguf_architecture.h"
#include "checkpoint/gguf_store.h"
#include "exporters/gguf.h"
#include "pipeline/convert_checkpoint.h"
#include "weights/ggml_matrix.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using kernels::GgmlType;

constexpr std::int64_t kMegabyte = 1'000'000;
constexpr std::int64_t kGrain = 1 << 16;  // values per piece of work

GgmlType float_type(DType stored) {
  if (stored == DType::f16) return GgmlType::f16;
  return stored == DType::bf16 ? GgmlType::bf16 : GgmlType::f32;
}

class Converter {
 public:
  Converter(const CodedCheckpoint& from, const fs::path& output, const ConvertJob& job)
      : from_(from),
        output_(output),
        job_(job),
        config_(from.checkpoint().config, from.where()),
        architecture_(gguf_architecture_of(config_.text("model_type", ""), from.where())) {
    report_.method = "convert";
    report_.format = "gguf";
  }

  CheckpointReport run() {
    if (!gguf_fields(*from_.checkpoint().weights).empty()) {
      fail(ErrorKind::invalid_option, from_.where(), "is a GGUF file already");
    }
    check_gguf_target(from_.checkpoint(), output_);
    choose_types();
    options_.mix = commonest();
    options_.tokenizer = job_.tokenizer;
    options_.known_bytes = [this](const GgufPlanRow& row) { return blocks_of(row); };
    plan();
    announce(report_.preflight, output_, job_);
    write_gguf(from_.checkpoint(), plan_, options_, output_, [this](std::int64_t done, std::int64_t total) {
      const double share = static_cast<double>(done) / static_cast<double>(total);
      const auto megabytes = static_cast<std::int64_t>(report_.preflight.input_bytes) / kMegabyte;
      if (job_.progress) job_.progress(static_cast<std::int64_t>(share * static_cast<double>(megabytes)), megabytes);
    });
    report_.output_bytes = fs::file_size(output_);
    return std::move(report_);
  }

 private:
  /// Refuses what no block format holds before anything is written.
  void choose_types() {
    for (const StoredTensor& tensor : from_.tensors()) {
      report_.preflight.input_bytes += tensor.bytes;
      const WeightForm* form = from_.form(tensor, report_.format);
      if (form == nullptr) continue;
      const auto* scheme = std::get_if<MatrixScheme>(&form->scheme);
      if (scheme == nullptr) from_.refuse(tensor, report_.format, "GGUF holds codes with a scale");
      const auto type = blocks_for(*scheme, form->columns);
      if (!type) from_.refuse(tensor, report_.format, objection(*scheme, form->columns));
      types_[tensor.name] = *type;
    }
  }

  static std::string objection(const MatrixScheme& scheme, std::int64_t columns) {
    if (scheme.act_order) return "GGUF cannot group columns in another order";
    if (columns % 32 != 0) return fmt::format("its rows of {} are no multiple of 32", columns);
    if (scheme.block_size % 32 != 0) return "GGUF has a scale for 32 columns";
    return "GGUF's integers have no zero point, and codes less zero point take 9 bits";
  }

  /// The block format that most of the weights have: it names the file's type.
  std::string commonest() const {
    std::map<GgmlType, std::size_t> counts;
    for (const auto& [name, type] : types_) ++counts[type];
    const auto most =
        std::ranges::max_element(counts, [](const auto& a, const auto& b) { return a.second < b.second; });
    return std::string(kernels::name(most->first));
  }

  /// Names, order of rows and metadata are those of the exporter; types are those of the codes, and floats keep theirs
  /// where readers take it.
  void plan() {
    Preflight& p = report_.preflight;
    plan_ = plan_gguf(from_.checkpoint(), options_);
    report_.warnings.insert(report_.warnings.end(), plan_.notes.begin(), plan_.notes.end());
    std::vector<GgufTensorSpec> specs;
    double coded_bytes = 0;
    double elements = 0;
    for (GgufPlanRow& row : plan_.rows) {
      const StoredTensor* tensor = from_.checkpoint().weights->find(row.source);
      const auto coded = types_.find(row.source);
      if (tensor != nullptr && row.tensor.type != GgmlType::f32) {
        row.tensor.type = coded == types_.end() ? float_type(tensor->dtype) : coded->second;
      }
      specs.push_back(row.tensor);
      const std::uint64_t bytes = storage_bytes(row.tensor);
      if (coded != types_.end() && row.tensor.type == coded->second) {
        const WeightForm& form = *from_.form(*tensor, report_.format);
        report_.weights.push_back(carried_weight(form, bytes));
        coded_bytes += static_cast<double>(bytes);
        elements += static_cast<double>(element_count(row.tensor.shape));
        p.peak_memory =
            std::max(p.peak_memory, tensor->bytes + bytes + static_cast<std::uint64_t>(form.rows * form.columns));
      } else if (coded != types_.end()) {
        report_.warnings.push_back(floats_note({row.source}, "GGUF's readers want floats here"));
      }
    }
    p.weights = report_.weights.size();
    p.output_bytes = gguf_file_bytes(plan_.fields, specs);
    report_.bits_per_weight = elements > 0 ? 8.0 * coded_bytes / elements : 0;
  }

  std::vector<std::byte> blocks_of(const GgufPlanRow& row) const {
    const auto coded = types_.find(row.source);
    if (coded == types_.end() || row.tensor.type != coded->second) return {};
    std::vector<std::byte> bytes(storage_bytes(row.tensor));
    if (bytes.empty()) return bytes;
    const StoredTensor& tensor = *from_.checkpoint().weights->find(row.source);
    const auto matrix = std::get<QuantizedMatrix>(from_.load(tensor));
    const std::int64_t heads = architecture_.permuted_heads(row.tensor.name, config_);
    const std::int64_t head_size = heads > 0 ? matrix.rows / heads : 0;
    const std::size_t row_bytes = bytes.size() / static_cast<std::size_t>(matrix.rows);
    const std::string where = fmt::format("{}: '{}'", from_.where(), row.source);
    parallel_ranges(matrix.rows, std::max<std::int64_t>(1, kGrain / matrix.columns),
                    [&](std::int64_t begin, std::int64_t end) {
                      for (std::int64_t r = begin; r < end; ++r) {
                        const auto at = static_cast<std::size_t>(head_size > 0 ? interleaved_row(r, head_size) : r);
                        write_blocks(row.tensor.type, matrix, r, bytes.data() + at * row_bytes, where);
                      }
                    });
    return bytes;
  }

  const CodedCheckpoint& from_;
  const fs::path& output_;
  const ConvertJob& job_;
  const Config config_;
  const GgufArchitecture& architecture_;
  std::map<std::string, GgmlType> types_;  // of the weights that are codes
  GgufOptions options_;
  GgufPlan plan_;
  CheckpointReport report_;
};

}  // namespace

CheckpointReport convert_to_gguf(const CodedCheckpoint& from, const fs::path& output, const ConvertJob& job) {
  return Converter(from, output, job).run();
}

}  // namespace zeropoint
