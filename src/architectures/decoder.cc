#include "architectures/decoder.h"

#include <map>
#include <string>

#include "architectures/activation.h"
#include "architectures/rotary.h"
#include "base/fail.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kMostLayers = 4096;
constexpr double kDefaultEpsilon = 1e-6;

struct Sizes {
  std::int64_t hidden, intermediate, heads, kv_heads, head, vocabulary, layers;
  double epsilon;
};

Sizes sizes_of(const Config& config) {
  Sizes s{.hidden = config.positive("hidden_size"),
          .intermediate = config.positive("intermediate_size"),
          .heads = config.positive("num_attention_heads"),
          .kv_heads = 0,
          .head = 0,
          .vocabulary = config.positive("vocab_size"),
          .layers = layer_count(config),
          .epsilon = config.number("rms_norm_eps", kDefaultEpsilon)};
  s.kv_heads = config.has("num_key_value_heads") ? config.positive("num_key_value_heads") : s.heads;
  if (s.heads % s.kv_heads != 0) {
    fail(ErrorKind::invalid_data, config.where(), "{} heads do not share {} key-value heads evenly", s.heads,
         s.kv_heads);
  }
  if (!config.has("head_dim") && s.hidden % s.heads != 0) {
    fail(ErrorKind::invalid_data, config.where(), "hidden_size {} does not split into {} heads", s.hidden, s.heads);
  }
  s.head = config.has("head_dim") ? config.positive("head_dim") : s.hidden / s.heads;
  return s;
}

class Decoder {
 public:
  Decoder(GraphBuilder& builder, const DecoderOptions& options)
      : builder_(builder),
        options_(options),
        sizes_(sizes_of(builder.config())),
        rotary_(builder.config(), sizes_.head),
        activation_(builder.config().text("hidden_act", "silu")) {}

  void build() {
    const ValueId tokens = builder_.tokens(rotary_.longest(), sizes_.vocabulary);
    ValueId x = builder_.embedding(tokens, "model.embed_tokens", sizes_.vocabulary, sizes_.hidden);
    rotary_.add_tables(builder_, tokens);
    for (std::int64_t i = 0; i < sizes_.layers; ++i) {
      builder_.enter_layer(static_cast<int>(i));
      const std::string layer = "model.layers." + std::to_string(i);
      const ValueId attended =
          attention(builder_.rms_norm(x, layer + ".input_layernorm", sizes_.hidden, sizes_.epsilon),
                    layer + ".self_attn", window_of(i));
      x = builder_.node("Add", layer + "/attended", {x, attended});
      const ValueId thought = feed_forward(
          builder_.rms_norm(x, layer + ".post_attention_layernorm", sizes_.hidden, sizes_.epsilon), layer + ".mlp");
      x = builder_.node("Add", layer, {x, thought});
    }
    builder_.enter_layer(-1);
    x = builder_.rms_norm(x, "model.norm", sizes_.hidden, sizes_.epsilon);
    x = builder_.output_layer(x, "lm_head", "model.embed_tokens", sizes_.hidden, sizes_.vocabulary);
    builder_.output(x, "logits", sizes_.vocabulary);
  }

 private:
  std::int64_t window_of(std::int64_t layer) const {
    return options_.window.empty() ? 0 : options_.window[static_cast<std::size_t>(layer)];
  }

  ValueId attention(ValueId x, const std::string& module, std::int64_t window) {
    const std::int64_t queries = sizes_.heads * sizes_.head;
    const std::int64_t keys = sizes_.kv_heads * sizes_.head;
    const auto project = [&](const std::string& which, std::int64_t out) {
      return builder_.linear(x, module + "." + which, {.in = sizes_.hidden, .out = out, .bias = options_.qkv_bias});
    };
    ValueId q = project("q_proj", queries);
    ValueId k = project("k_proj", keys);
    const ValueId v = project("v_proj", keys);
    if (options_.has_qk_norm) {
      q = head_norm(q, module + ".q_norm", sizes_.heads);
      k = head_norm(k, module + ".k_norm", sizes_.kv_heads);
    }
    q = rotary_.apply(builder_, q, module + "/rotated_q", sizes_.heads);
    k = rotary_.apply(builder_, k, module + "/rotated_k", sizes_.kv_heads);
    std::vector<ValueId> inputs = {q, k, v};
    if (window > 0) inputs.push_back(window_mask(window));
    const ValueId heads = builder_.node(
        "Attention", module, std::move(inputs),
        {{"is_causal", std::int64_t{1}}, {"q_num_heads", sizes_.heads}, {"kv_num_heads", sizes_.kv_heads}});
    return builder_.linear(heads, module + ".o_proj",
                           {.in = queries, .out = sizes_.hidden, .bias = options_.output_bias});
  }

  /// RMSNorm of each head alone.
  ValueId head_norm(ValueId x, const std::string& module, std::int64_t heads) {
    const ValueId apart = builder_.integers(module + "/heads", {0, 0, heads, sizes_.head});
    const ValueId together = builder_.integers(module + "/hidden", {0, 0, heads * sizes_.head});
    x = builder_.node("Reshape", module + "/split", {x, apart});
    x = builder_.rms_norm(x, module, sizes_.head, sizes_.epsilon);
    return builder_.node("Reshape", module + "/joined", {x, together});
  }

  /// Whether token i may see token j as far as the window goes, i - j < window, as bool [T, T].
  ValueId window_mask(std::int64_t window) {
    const auto known = masks_.find(window);
    if (known != masks_.end()) return known->second;
    const std::string name = "window_" + std::to_string(window);
    const ValueId positions = rotary_.positions();
    const ValueId rows =
        builder_.node("Unsqueeze", name + "/rows", {positions, builder_.integers(name + "/last", {1})});
    const ValueId distance = builder_.node("Sub", name + "/distance", {rows, positions});
    const ValueId limit = builder_.constant(name + "/limit", Tensor::scalar(window));
    return masks_[window] = builder_.node("Less", name + "/mask", {distance, limit});
  }

  /// down(act(gate(x)) * up(x)) (Shazeer 2020).
  ValueId feed_forward(ValueId x, const std::string& module) {
    const LinearShape widen{.in = sizes_.hidden, .out = sizes_.intermediate, .bias = options_.mlp_bias};
    const ValueId gate = builder_.linear(x, module + ".gate_proj", widen);
    const ValueId up = builder_.linear(x, module + ".up_proj", widen);
    const ValueId opened = activation(builder_, activation_, gate, module + "/act");
    const ValueId gated = builder_.node("Mul", module + "/gated", {opened, up});
    return builder_.linear(gated, module + ".down_proj",
                           {.in = sizes_.intermediate, .out = sizes_.hidden, .bias = options_.mlp_bias});
  }

  GraphBuilder& builder_;
  const DecoderOptions& options_;
  Sizes sizes_;
  Rotary rotary_;
  std::string activation_;
  std::map<std::int64_t, ValueId> masks_;  // by window
};

}  // namespace

void add_decoder(GraphBuilder& builder, const DecoderOptions& options) { Decoder(builder, options).build(); }

std::int64_t layer_count(const Config& config) {
  const std::int64_t layers = config.positive("num_hidden_layers");
  if (layers > kMostLayers) {
    fail(ErrorKind::invalid_data, config.where(), "'num_hidden_layers' is {}, more than {}", layers, kMostLayers);
  }
  return layers;
}

Bias bias_by(const Config& config, std::string_view flag) {
  return config.flag(flag, false) ? Bias::present : Bias::absent;
}

}  // namespace zeropoint
