#include "passes/quantize_weights.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <variant>

#include "api/network.h"
#include "api/plan_options.h"
#include "api/quantize_warnings.h"
#include "architectures/architecture.h"
#include "architectures/load_model.h"
#include "base/fail.h"
#include "base/nearest.h"
#include "base/overwrite.h"
#include "base/staging_folder.h"
#include "checkpoint/checkpoint.h"
#include "methods/gptq_fingerprint.h"
#include "methods/gptq_journal.h"
#include "methods/gptq_method.h"
#include "methods/gptq_model.h"
#include "methods/method.h"
#include "pipeline/weight_patterns.h"
#include "plan/prepare.h"
#include "plan/verify.h"
#include "zeropoint/weights.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReferenceBatches = 8;
constexpr std::string_view kGptq = "gptq";
constexpr int kDefaultBits = 4;

OnnxWeightForm weight_form(const std::string& format) {
  if (const auto form = find_onnx_weight_form(format)) return *form;
  const std::string_view known[] = {"onnx-dq", "matmulnbits"};
  throw Error(ErrorKind::invalid_option, "--format", unknown_word("format", format, known));
}

class WeightQuantizer {
 public:
  WeightQuantizer(const fs::path& input, const fs::path& output, const WeightsJob& job)
      : input_(input), output_(output), job_(job), form_(weight_form(job.format)), staging_(checked_output()) {}

  WeightsReport run() {
    check_method();
    const MatrixScheme scheme = matrix_scheme();
    report_.bits = scheme.bits;
    check_onnx_weight_form(scheme, form_);
    if (is_checkpoint(input_)) {
      open_checkpoint_graph();
    } else {
      network_.emplace(Network::load(input_));
      model_ = network_->impl().prepared();
    }
    if (std::string said = quantized_already(network_->impl().model.graph); !said.empty())
      report_.warnings.push_back(std::move(said));
    open_data();
    if (job_.method == kGptq) {
      by_gptq();
    } else {
      by_rounding(scheme);
    }
    insert_quantized_weights(model_, matrices_, form_);
    if (!roles_.empty()) fold_constants(model_);  // Cast and Transpose of the weights that stay float
    staging_.in_final_names([&] { write_and_verify(); });
    report_.output_bytes = staging_.bytes();
    staging_.commit();
    if (journal_) journal_->remove();
    report_.input_bytes = roles_.empty() ? fs::file_size(input_) : checkpoint_bytes_;
    return std::move(report_);
  }

 private:
  const fs::path& checked_output() const {
    const ReadPath inputs[] = {{"the input", input_}, {"what --data reads", job_.data.path}};
    const WrittenPath outputs[] = {{"--output", output_}};
    require_no_overwrite(inputs, outputs);
    return output_;
  }

  void check_method() const {
    if (job_.method == kGptq) {
      if (job_.data.path.empty()) {
        fail(ErrorKind::invalid_option, "--data", "is needed: gptq makes up for errors on calibration data");
      }
      return;
    }
    const std::string_view known[] = {"gptq", "absmax", "zero-point"};
    if (std::find(std::begin(known), std::end(known), job_.method) == std::end(known)) {
      throw Error(ErrorKind::invalid_option, "--method", unknown_word("method for ONNX models", job_.method, known));
    }
  }

  MethodOptions method_options() const {
    MethodOptions options = job_.options;
    if (options.bits == 0 && !is_checkpoint(input_)) options.bits = kDefaultBits;  // else the method's own
    return options;
  }

  // Blocks need not divide a row: both forms hold a short last one. Neither can group columns in another order.
  GptqOptions options_of_gptq() const {
    GptqOptions options = gptq_options(method_options());
    options.static_groups = options.act_order;
    options.short_block = true;
    return options;
  }

  MatrixScheme matrix_scheme() const {
    if (job_.method == kGptq) return gptq_scheme(options_of_gptq());
    return std::get<MatrixScheme>(find_method(job_.method).scheme(method_options()));
  }

  void open_checkpoint_graph() {
    const Checkpoint checkpoint = open_checkpoint(input_);
    check_weight_patterns(checkpoint, job_.include, "--include");
    check_weight_patterns(checkpoint, job_.exclude, "--exclude");
    for (const WeightPlace& place : find_architecture(checkpoint).weights(checkpoint)) roles_[place.name] = place.role;
    for (const StoredTensor& tensor : checkpoint.weights->tensors()) checkpoint_bytes_ += tensor.bytes;
    model_ = load_model(input_);
    network_.emplace(std::make_shared<Network::Impl>(Network::Impl{.model = model_}));
  }

  /// Of a checkpoint's weights: linear layers, or those that the patterns choose. Empty for an ONNX model.
  KeepWeight keep() const {
    if (roles_.empty()) return nullptr;
    return [this](const std::string& weight) -> std::string {
      if (matches_any(job_.exclude, weight)) return "is excluded";
      if (!job_.include.empty()) return matches_any(job_.include, weight) ? "" : "is not included";
      const auto role = roles_.find(weight);
      return role != roles_.end() && role->second == WeightRole::linear ? "" : "is no linear layer of a block";
    };
  }

  NodeFilter filter() const {
    if (!roles_.empty()) return {.keep_first = job_.keep_first, .keep_last = job_.keep_last};
    return {job_.include, job_.exclude, job_.keep_first, job_.keep_last};
  }

  void open_data() {
    DataSource source = job_.data;
    if (source.path.empty() && !roles_.empty()) {
      samples_ = {{made_up_tokens()}};
      report_.warnings.emplace_back("no --data was given: the written model was compared on made-up tokens");
      return judge_by_samples();
    }
    if (source.path.empty()) {
      source = {.path = "random", .limit = 1};
      report_.warnings.emplace_back("no --data was given: the written model was compared on random input");
    }
    const std::unique_ptr<Dataset> data = open_dataset(network_->impl(), source);
    for (const std::string& warning : data->warnings()) report_.warnings.push_back(warning);
    while (auto batch = data->next()) {
      samples_.push_back(std::move(batch->inputs));
      report_.calibration_samples += batch->samples;
      if (job_.method != kGptq && samples_.size() == kReferenceBatches) break;
    }
    judge_by_samples();
  }

  /// A sequence that every language model can read.
  Tensor made_up_tokens() const {
    constexpr std::int64_t kTokens = 16;
    const Value& input = model_.graph.value(model_.graph.inputs.at(0));
    const std::int64_t longest = input.shape->back().longest;
    Tensor tokens = Tensor::allocate(DType::i64, {1, longest > 0 ? std::min(longest, kTokens) : kTokens});
    std::int64_t token = 0;
    for (std::int64_t& t : tokens.mutable_values<std::int64_t>()) t = token++ % input.count;
    return tokens;
  }

  void judge_by_samples() {
    std::vector<std::vector<Tensor>> judged(
        samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(std::min(samples_.size(), kReferenceBatches)));
    reference_.emplace(network_->impl().program(), std::move(judged));
    network_->impl().compiled.reset();  // its packed weights take more memory than the model
  }

  void by_gptq() {
    GptqModelOptions options{.gptq = options_of_gptq(),
                             .filter = filter(),
                             .keep = keep(),
                             .on_progress = job_.progress,
                             .on_warning = job_.on_warning};
    for (const WeightTarget& target : find_weight_targets(model_, options.filter, options.keep).targets) {
      GptqOptions& special = options.special[target.name] = options.gptq;
      special.storage.scale_type = target.dtype;  // that of DequantizeLinear's output
    }
    journal_.emplace(fs::path(output_.string() + ".journal"), gptq_fingerprint(model_, samples_, options),
                     job_.force ? GptqJournal::OtherRun::replace : GptqJournal::OtherRun::refuse);
    report_.resumed = static_cast<std::int64_t>(journal_->finished());
    options.journal = &*journal_;
    try {
      const GptqModelReport done = gptq_model(model_, std::move(samples_), options,
                                              [&](const QuantizedMatrix& matrix, const GptqWeightReport& w) {
                                                matrices_[w.name] = matrix;
                                                report_.weights.push_back({.weight = w.name,
                                                                           .node = w.node,
                                                                           .rows = w.rows,
                                                                           .columns = w.columns,
                                                                           .loss = w.gptq.loss,
                                                                           .rounding_loss = w.gptq.rounding_loss,
                                                                           .damping = w.gptq.damping,
                                                                           .rounded_rows = w.gptq.rounded_rows,
                                                                           .dead_columns = w.gptq.dead_columns,
                                                                           .input_rows = w.input_rows});
                                              });
      for (const DeclinedProduct& declined : done.declined) {
        report_.float_nodes.emplace_back(declined.node, declined.reason);
      }
      report_.warnings.insert(report_.warnings.end(), done.warnings.begin(), done.warnings.end());
    } catch (...) {
      journal_->give_up();
    }
  }

  void by_rounding(const MatrixScheme& scheme) {
    const Method& method = find_method(job_.method);
    const WeightTargets found = find_weight_targets(model_, filter(), keep());
    if (found.targets.empty()) fail(ErrorKind::invalid_option, input_.string(), "there is no weight to quantize");
    for (const WeightTarget& target : found.targets) {
      const QuantizedWeight weight =
          method.quantize(weight_matrix(model_.graph, target), scheme, method_options(), {.scale_type = target.dtype},
                          fmt::format("{}: {}", input_.string(), target.name));
      matrices_[target.name] = std::get<QuantizedMatrix>(weight);
      report_.weights.push_back(
          {.weight = target.name,
           .node = node_name(model_.graph, model_.graph.nodes[static_cast<std::size_t>(target.node)]),
           .rows = target.outputs(),
           .columns = target.inputs()});
    }
    for (const DeclinedProduct& declined : found.declined) {
      report_.float_nodes.emplace_back(declined.node, declined.reason);
    }
  }

  void write_and_verify() {
    Network(std::make_shared<Network::Impl>(Network::Impl{.model = std::move(model_)})).save(staging_.file());
    const Network written = Network::load(staging_.file());
    report_.outputs = reference_->compare(written.impl().program(), output_.string());
  }

  const fs::path& input_;
  const fs::path& output_;
  const WeightsJob& job_;
  const OnnxWeightForm form_;
  StagingFolder staging_;
  std::optional<Network> network_;
  std::map<std::string, WeightRole> roles_;  // of a checkpoint's weights; empty for an ONNX model
  std::uintmax_t checkpoint_bytes_ = 0;
  Model model_;
  std::vector<std::vector<Tensor>> samples_;
  std::optional<Reference> reference_;
  std::optional<GptqJournal> journal_;
  std::map<std::string, QuantizedMatrix> matrices_;
  WeightsReport report_;
};

}  // namespace

WeightsReport quantize_weights(const fs::path& input, const fs::path& output, const WeightsJob& job) {
  return WeightQuantizer(input, output, job).run();
}

}  // namespace zeropoint
