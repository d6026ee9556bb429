#include "checkpoint/gguf_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "base/fail.h"
#include "checkpoint/rope_factors.h"

namespace zeropoint {
namespace {

using Json = nlohmann::ordered_json;

/// Metadata of one architecture: keys have its name in front.
class Metadata {
 public:
  Metadata(const GgufFile& file, std::string architecture) : file_(file), prefix_(std::move(architecture) + ".") {}

  const GgufField* find(std::string_view key) const { return find_field(file_.fields(), prefix_ + std::string(key)); }

  std::optional<double> real(std::string_view key) const {
    const GgufField* field = find(key);
    if (field == nullptr) return std::nullopt;
    const auto value = as_real(*field);
    if (!value) refuse(key, "a number is wanted");
    // A float32 holds the value that was meant to so many digits; config.json has those.
    return field->kind == GgufKind::f32 ? std::stod(fmt::format("{}", static_cast<float>(*value))) : *value;
  }

  std::optional<std::int64_t> integer(std::string_view key) const {
    const GgufField* field = find(key);
    if (field == nullptr) return std::nullopt;
    const auto value = as_integer(*field);
    if (!value) refuse(key, field->is_array ? "a value per layer is not offered" : "a whole number is wanted");
    return value;
  }

  std::string text(std::string_view key) const {
    const GgufField* field = find(key);
    return field == nullptr ? "" : as_string(*field).value_or("");
  }

 private:
  [[noreturn]] void refuse(std::string_view key, std::string_view wanted) const {
    fail(ErrorKind::invalid_model, file_.where(), "key '{}{}': {}", prefix_, key, wanted);
  }

  const GgufFile& file_;
  std::string prefix_;
};

const GgufTensor* find_tensor(const GgufFile& file, std::string_view name) {
  const auto at = std::ranges::find(file.tensors(), name, &GgufTensor::name);
  return at == file.tensors().end() ? nullptr : &*at;
}

Json rope_scaling(const GgufFile& file, const Metadata& metadata, const Json& config) {
  const std::string kind = metadata.text("rope.scaling.type");
  if (kind == "linear" || kind == "yarn") {
    Json scaling = {{"rope_type", kind}, {"factor", metadata.real("rope.scaling.factor").value_or(1)}};
    if (const auto length = metadata.integer("rope.scaling.original_context_length")) {
      scaling["original_max_position_embeddings"] = *length;
    }
    return scaling;
  }
  if (const auto factor = metadata.real("rope.scale_linear"); factor && *factor > 1) {
    return {{"rope_type", "linear"}, {"factor", *factor}};
  }
  const GgufTensor* factors = find_tensor(file, kRopeFactors);
  return factors == nullptr ? Json() : scaling_of_factors(file, *factors, config);
}

void add_token_ids(const GgufFile& file, Json& config) {
  for (const char* which : {"bos", "eos", "pad"}) {
    const std::string_view word = which == std::string_view("pad") ? "padding" : which;
    const GgufField* field = find_field(file.fields(), fmt::format("tokenizer.ggml.{}_token_id", word));
    if (field == nullptr) continue;
    const auto id = as_integer(*field);
    if (id && *id != UINT32_MAX) config[std::string(which) + "_token_id"] = *id;
  }
}

}  // namespace

Json config_of(const GgufFile& file) {
  const GgufField* type = find_field(file.fields(), "general.type");
  if (type != nullptr && as_string(*type) == "imatrix") {
    fail(ErrorKind::invalid_data, file.where(),
         "is an importance matrix and no model: it is for quantize --method gguf:MIX --importance");
  }
  const GgufField* named = find_field(file.fields(), "general.architecture");
  if (named == nullptr || !as_string(*named)) {
    fail(ErrorKind::invalid_model, file.where(), "key 'general.architecture' is missing");
  }
  const std::string architecture = *as_string(*named);
  const GgufArchitecture* known = find_gguf_architecture(architecture);
  if (known == nullptr) return {{"model_type", architecture}};

  const Metadata metadata(file, architecture);
  Json config = {{"architectures", {known->class_name}}, {"model_type", known->model_type}};
  for (const GgufKey& key : known->keys) {
    if (key.kind == GgufKind::f32) {
      if (const auto value = metadata.real(key.gguf)) config[std::string(key.config)] = *value;
    } else if (const auto value = metadata.integer(key.gguf)) {
      config[std::string(key.config)] = *value;
    }
  }
  if (const GgufTensor* embedding = find_tensor(file, "token_embd.weight"); embedding && embedding->shape.size() == 2) {
    config["vocab_size"] = embedding->shape[0];
  }
  if (known->model_type != "gpt2" && known->model_type != "bert") {
    config["tie_word_embeddings"] = find_tensor(file, "output.weight") == nullptr;
    config["attention_bias"] = find_tensor(file, "blk.0.attn_q.bias") != nullptr;
    config["hidden_act"] = "silu";
    if (const Json scaling = rope_scaling(file, metadata, config); !scaling.is_null()) {
      config["rope_scaling"] = scaling;
    }
  }
  add_token_ids(file, config);
  return config;
}

}  // namespace zeropoint
