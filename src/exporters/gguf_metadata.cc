#include "exporters/gguf_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "base/fail.h"
#include "checkpoint/config.h"
#include "checkpoint/rope_scaling.h"

namespace zeropoint {
namespace {

/// Appends keys with the architecture's name in front.
class Keys {
 public:
  Keys(const GgufArchitecture& architecture, std::vector<GgufField>& fields)
      : prefix_(std::string(architecture.gguf) + "."), fields_(fields) {}

  void number(std::string_view key, std::int64_t value) {
    fields_.push_back(make_gguf_u32(prefix_ + std::string(key), static_cast<std::uint32_t>(value)));
  }
  void real(std::string_view key, double value) {
    fields_.push_back(make_gguf_f32(prefix_ + std::string(key), static_cast<float>(value)));
  }
  void text(std::string_view key, std::string_view value) {
    fields_.push_back(make_gguf_string(prefix_ + std::string(key), value));
  }
  void flag(std::string_view key, bool value) { fields_.push_back(make_gguf_bool(prefix_ + std::string(key), value)); }

 private:
  std::string prefix_;
  std::vector<GgufField>& fields_;
};

std::int64_t checked(const Config& config, std::string_view key) {
  const std::int64_t value = config.integer(key);
  if (value < 0 || value > INT32_MAX) {
    fail(ErrorKind::invalid_data, config.where(), "'{}' is {}, which GGUF cannot hold", key, value);
  }
  return value;
}

/// GGUF has no words for these: llama.cpp computes each architecture in one way.
void require_usual_form(const Config& config, const GgufArchitecture& architecture) {
  const auto require_activation = [&](std::string_view key, std::initializer_list<std::string_view> usual) {
    const std::string function = config.text(key, std::string(*usual.begin()));
    if (std::ranges::find(usual, function) != usual.end()) return;
    fail(ErrorKind::unsupported, config.where(), "'{}' is '{}': GGUF readers compute {} of '{}' models", key, function,
         *usual.begin(), architecture.gguf);
  };
  if (architecture.gguf == "gpt2") {
    require_activation("activation_function", {"gelu_new", "gelu", "gelu_fast", "gelu_python", "gelu_pytorch_tanh"});
    if (config.flag("scale_attn_by_inverse_layer_idx", false) || !config.flag("scale_attn_weights", true)) {
      fail(ErrorKind::unsupported, config.where(), "GGUF has no words for another scale of attention scores");
    }
  } else if (architecture.gguf == "bert") {
    require_activation("hidden_act", {"gelu", "gelu_new", "gelu_fast", "gelu_python", "gelu_pytorch_tanh"});
  } else {
    require_activation("hidden_act", {"silu", "swish"});
  }
}

/// What config.json may leave out and llama.cpp wants.
void add_defaults(const Config& config, const GgufArchitecture& architecture, Keys& keys) {
  if (architecture.gguf == "gpt2") {
    if (!config.has("n_inner")) keys.number("feed_forward_length", 4 * checked(config, "n_embd"));
    if (!config.has("layer_norm_epsilon")) keys.real("attention.layer_norm_epsilon", 1e-5);
    return;
  }
  if (architecture.gguf == "bert") {
    if (!config.has("layer_norm_eps")) keys.real("attention.layer_norm_epsilon", 1e-12);
    keys.flag("attention.causal", false);
    return;
  }
  const std::int64_t heads = config.positive("num_attention_heads");
  const std::int64_t head_size =
      config.has("head_dim") ? config.positive("head_dim") : config.positive("hidden_size") / heads;
  if (!config.has("num_key_value_heads")) keys.number("attention.head_count_kv", heads);
  if (!config.has("head_dim")) keys.number("attention.key_length", head_size);
  if (!config.has("rms_norm_eps")) keys.real("attention.layer_norm_rms_epsilon", 1e-6);
  keys.number("attention.value_length", head_size);
  keys.number("rope.dimension_count", head_size);
}

/// The file says factor and original length; readers take the paper's values for the rest.
void require_usual_yarn(const Config& scaling) {
  const auto require = [&](std::string_view key, double usual) {
    const double value = scaling.number(key, usual);
    if (value == usual) return;
    fail(ErrorKind::unsupported, scaling.where(), "'{}' is {}: GGUF files are written for yarn's usual {} only", key,
         value, usual);
  };
  require("beta_fast", 32);
  require("beta_slow", 1);
  for (const std::string_view key : {"attention_factor", "mscale", "mscale_all_dim"}) {
    if (scaling.has(key)) {
      fail(ErrorKind::unsupported, scaling.where(), "'{}' is given: GGUF files are written for yarn without it", key);
    }
  }
}

/// Llama 3's scaling is a tensor (see rope_factors.h); "dynamic" depends on the length of the text.
void add_rope(const Config& config, Keys& keys) {
  const auto scaling = rope_scaling(config);
  if (config.has("rope_theta") || (scaling && scaling->has("rope_theta"))) {
    keys.real("rope.freq_base", rope_theta(config));
  }
  if (!scaling) return;
  const std::string kind = rope_type(*scaling);
  if (kind == "default" || kind == "llama3") return;
  if (kind != "linear" && kind != "yarn") {
    fail(ErrorKind::unsupported, scaling->where(), "GGUF files have no words for the rope type '{}'", kind);
  }
  if (kind == "yarn") require_usual_yarn(*scaling);
  keys.text("rope.scaling.type", kind);
  keys.real("rope.scaling.factor", scaling->number("factor", 1));
  if (scaling->has("original_max_position_embeddings")) {
    keys.number("rope.scaling.original_context_length", checked(*scaling, "original_max_position_embeddings"));
  }
}

}  // namespace

std::vector<GgufField> model_metadata(const Checkpoint& checkpoint, const GgufArchitecture& architecture) {
  const Config config(checkpoint.config, checkpoint.path.string());
  require_usual_form(config, architecture);
  std::vector<GgufField> fields;
  fields.push_back(make_gguf_string("general.architecture", architecture.gguf));
  const std::string type = "model";
  fields.push_back(make_gguf_string("general.type", type));
  Keys keys(architecture, fields);
  for (const GgufKey& key : architecture.keys) {
    if (!config.has(key.config) || key.config == "rope_theta") continue;
    if (key.kind == GgufKind::f32) {
      keys.real(key.gguf, config.number(key.config, 0));
    } else {
      keys.number(key.gguf, checked(config, key.config));
    }
  }
  add_defaults(config, architecture, keys);
  if (architecture.gguf != "gpt2" && architecture.gguf != "bert") add_rope(config, keys);
  if (architecture.gguf == "bert") {
    fields.push_back(make_gguf_u32("tokenizer.ggml.token_type_count",
                                   static_cast<std::uint32_t>(config.integer("type_vocab_size", 2))));
  }
  return fields;
}

}  // namespace zeropoint
