#include "exporters/gguf.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "architectures/architecture.h"
#include "base/atomic_file.h"
#include "base/fail.h"
#include "base/glob.h"
#include "base/interrupt.h"
#include "checkpoint/config.h"
#include "checkpoint/gguf_store.h"
#include "checkpoint/rope_factors.h"
#include "exporters/gguf_metadata.h"
#include "exporters/gguf_rows.h"

namespace zeropoint {
namespace {

using kernels::GgmlType;

constexpr std::uint32_t kQuantizationVersion = 2;  // of ggml's block formats

/// Tensors of Hugging Face's checkpoints that say nothing new: buffers, and heads that the graph does not have.
constexpr std::string_view kLeftOut[] = {"*.rotary_emb.inv_freq", "*.attn.bias", "*.attn.masked_bias",
                                         "*position_ids",         "*pooler.*",   "cls.*",
                                         "rope_freqs.weight"};

bool is_left_out(std::string_view name) {
  return std::ranges::any_of(kLeftOut, [&](std::string_view pattern) { return glob_match(pattern, name); });
}

/// Keys that describe the file that they come from, not the model.
bool describes_the_file(std::string_view key) {
  return key == "general.file_type" || key == "general.quantization_version" || key == "general.alignment" ||
         key.starts_with("tokenizer.") || key.starts_with("quantize.") || key.starts_with("split.");
}

/// Of a file's importance the names are those of Hugging Face without a prefix, whatever this checkpoint has.
const std::vector<float>* importance_of(const GgufPlanRow& row, const GgufArchitecture& architecture,
                                        const Importance& importance) {
  auto at = importance.find(row.source);
  if (at == importance.end()) at = importance.find(architecture.to_hugging_face(row.tensor.name));
  return at == importance.end() ? nullptr : &at->second;
}

class Planner {
 public:
  Planner(const Checkpoint& checkpoint, const GgufOptions& options)
      : checkpoint_(checkpoint),
        options_(options),
        config_(checkpoint.config, checkpoint.path.string()),
        where_(checkpoint.path.string()),
        recipe_(find_gguf_recipe(options.mix)),
        architecture_(gguf_architecture_of(config_.text("model_type", ""), where_)) {}

  GgufPlan plan() {
    find_architecture(checkpoint_).weights(checkpoint_);  // complete, or the error says what is missing
    add_tensors();
    check_importance();
    add_rope_factors();
    note_windows();
    add_fields();
    measure();
    return std::move(plan_);
  }

 private:
  void add_tensors() {
    std::vector<std::pair<const StoredTensor*, std::string>> named;
    const bool is_tied = config_.flag("tie_word_embeddings", architecture_.gguf == "gpt2");
    for (const StoredTensor& tensor : checkpoint_.weights->tensors()) {
      const auto name = architecture_.to_gguf(tensor.name);
      if (is_left_out(tensor.name) || (is_tied && name == "output.weight")) {
        plan_.notes.push_back(fmt::format("{} is left out: GGUF readers do without it", tensor.name));
      } else if (!name) {
        fail(ErrorKind::unsupported, where_, "tensor '{}' has no name in GGUF files of architecture '{}'", tensor.name,
             architecture_.gguf);
      } else {
        named.emplace_back(&tensor, *name);
        facts_.has_output |= *name == "output.weight";
      }
    }
    const bool is_gpt2 = architecture_.gguf == "gpt2";
    const std::int64_t heads = config_.positive(is_gpt2 ? "n_head" : "num_attention_heads");
    facts_.layers = config_.positive(is_gpt2 ? "n_layer" : "num_hidden_layers");
    facts_.queries_per_key = heads / std::max<std::int64_t>(1, config_.integer("num_key_value_heads", heads));
    facts_.has_importance = options_.importance != nullptr;
    for (const auto& [tensor, name] : named) add_tensor(*tensor, name);
  }

  void add_tensor(const StoredTensor& tensor, const std::string& name) {
    Shape shape = tensor.shape;
    if (shape.size() == 2 && architecture_.is_in_out(name)) std::swap(shape[0], shape[1]);
    const GgufChoice choice = choose_gguf_type(recipe_, name, shape, facts_);
    GgufPlanRow row{
        .source = tensor.name, .tensor = {.name = name, .type = choice.type, .shape = shape}, .wanted = choice.wanted};
    if (choice.type != choice.wanted) {
      row.reason =
          fmt::format("rows of {} are no multiple of {}", shape.back(), kernels::ggml_block_size(choice.wanted));
    }
    plan_.rows.push_back(std::move(row));
  }

  void check_importance() const {
    if (options_.importance == nullptr || options_.importance->empty()) return;
    bool is_of_this_model = false;
    for (const GgufPlanRow& row : plan_.rows) {
      const std::vector<float>* importance = importance_of(row, architecture_, *options_.importance);
      if (importance == nullptr) continue;
      is_of_this_model = true;
      const std::int64_t columns = row.tensor.shape.back();
      if (std::ssize(*importance) == columns) continue;
      fail(ErrorKind::invalid_data, where_, "the importance of '{}' is for {} columns, the weight has {}", row.source,
           importance->size(), columns);
    }
    if (!is_of_this_model) {
      fail(ErrorKind::invalid_data, where_, "the importance is of another model: it names none of the weights");
    }
  }

  void add_rope_factors() {
    const auto scaling = rope_scaling(config_);
    if (!scaling || rope_type(*scaling) != "llama3") return;
    llama3_scaling(*scaling);  // complete, or the error says what is missing
    const std::int64_t heads = config_.positive("num_attention_heads");
    const std::int64_t head_size = config_.integer("head_dim", config_.positive("hidden_size") / heads);
    plan_.rows.push_back(
        {.source = "", .tensor = {.name = std::string(kRopeFactors), .type = GgmlType::f32, .shape = {head_size / 2}}});
  }

  /// llama.cpp's architectures of these models attend to everything.
  void note_windows() {
    if (!gguf_fields(*checkpoint_.weights).empty()) return;
    const std::int64_t window = config_.integer("sliding_window", 0);
    const bool is_used = config_.flag("use_sliding_window", architecture_.gguf == "llama");
    if (window <= 0 || !is_used || window >= config_.integer("max_position_embeddings", INT64_MAX)) return;
    plan_.notes.push_back(
        fmt::format("the window of {} tokens is left out: readers of this architecture attend to all tokens", window));
  }

  void add_fields() {
    const auto own = gguf_fields(*checkpoint_.weights);
    if (own.empty()) {
      plan_.fields = model_metadata(checkpoint_, architecture_);
    } else {
      std::ranges::copy_if(own, std::back_inserter(plan_.fields),
                           [](const GgufField& field) { return !describes_the_file(field.key); });
    }
    plan_.fields.push_back(make_gguf_u32("general.file_type", recipe_.file_type));
    plan_.fields.push_back(make_gguf_u32("general.quantization_version", kQuantizationVersion));
    auto tokenizer = load_tokenizer_metadata(checkpoint_, options_.tokenizer, config_.positive("vocab_size"));
    const GgufField* model = find_field(tokenizer, "tokenizer.ggml.model");
    const GgufField* pre = find_field(tokenizer, "tokenizer.ggml.pre");
    if (model && pre && as_string(*model) == "gpt2" && as_string(*pre) == "default") {
      plan_.notes.emplace_back("the tokenizer cuts text into words by a rule that is not known here: set as 'default'");
    }
    std::ranges::move(tokenizer, std::back_inserter(plan_.fields));
  }

  void measure() {
    std::vector<GgufTensorSpec> specs;
    std::uint64_t bytes = 0;
    std::int64_t weights = 0;
    for (const GgufPlanRow& row : plan_.rows) {
      specs.push_back(row.tensor);
      bytes += storage_bytes(row.tensor);
      weights += element_count(row.tensor.shape);
    }
    plan_.file_bytes = gguf_file_bytes(plan_.fields, specs);
    plan_.bits_per_weight = weights == 0 ? 0 : 8.0 * static_cast<double>(bytes) / static_cast<double>(weights);
  }

  const Checkpoint& checkpoint_;
  const GgufOptions& options_;
  Config config_;
  std::string where_;
  const GgufRecipe& recipe_;
  const GgufArchitecture& architecture_;
  GgufModelFacts facts_;
  GgufPlan plan_;
};

std::vector<float> factors_for(const Checkpoint& checkpoint, const GgufTensorSpec& tensor) {
  const Config config(checkpoint.config, checkpoint.path.string());
  return rope_factors(llama3_scaling(*rope_scaling(config)), rope_theta(config), 2 * tensor.shape[0]);
}

}  // namespace

GgufPlan plan_gguf(const Checkpoint& checkpoint, const GgufOptions& options) {
  return Planner(checkpoint, options).plan();
}

void check_gguf_target(const Checkpoint& checkpoint, const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::equivalent(checkpoint.path, path, ignored)) {
    fail(ErrorKind::invalid_option, path.string(), "is the input; give another name");
  }
  require_writable(path);
}

void write_gguf(const Checkpoint& checkpoint, const GgufPlan& plan, const GgufOptions& options,
                const std::filesystem::path& path, const OnProgress& on_progress) {
  check_gguf_target(checkpoint, path);
  const std::string model_type = model_type_of(checkpoint);
  const Config config(checkpoint.config, checkpoint.path.string());
  const GgufArchitecture& architecture = gguf_architecture_of(model_type, checkpoint.path.string());
  std::vector<GgufTensorSpec> specs;
  std::int64_t total = 0;
  for (const GgufPlanRow& row : plan.rows) {
    specs.push_back(row.tensor);
    total += element_count(row.tensor.shape);
  }
  GgufWriter writer(path, plan.fields, specs);
  std::int64_t done = 0;
  for (const GgufPlanRow& row : plan.rows) {
    if (row.source.empty()) {
      writer.write(std::as_bytes(std::span<const float>(factors_for(checkpoint, row.tensor))));
      continue;
    }
    const StoredTensor& stored = *checkpoint.weights->find(row.source);
    const auto advance = [&](std::int64_t values) {
      done += values;
      if (on_progress) on_progress(done, total);
    };
    if (options.known_bytes) {
      if (const std::vector<std::byte> bytes = options.known_bytes(row); !bytes.empty()) {
        check_interrupt();
        writer.write(bytes);
        advance(element_count(row.tensor.shape));
        checkpoint.weights->release(stored);
        continue;
      }
    }
    GgufRows rows{.weight = checkpoint.weights->read(stored),
                  .is_transposed = architecture.is_in_out(row.tensor.name) && row.tensor.shape.size() == 2,
                  .permuted_heads = architecture.permuted_heads(row.tensor.name, config),
                  .type = row.tensor.type,
                  .importance = {},
                  .where = fmt::format("{}: tensor '{}'", checkpoint.path.string(), row.source)};
    if (options.importance != nullptr) {
      const std::vector<float>* importance = importance_of(row, architecture, *options.importance);
      if (importance != nullptr) rows.importance = *importance;
    }
    write_rows(rows, [&](std::span<const std::byte> bytes, std::int64_t values) {
      check_interrupt();
      writer.write(bytes);
      advance(values);
    });
    checkpoint.weights->release(stored);
  }
  check_interrupt();
  writer.commit();
}

}  // namespace zeropoint
