// GPT-2 (Radford et al. 2019): learned positions, LayerNorm before each block, weights stored [in, out].
#include <cmath>

#include "architectures/activation.h"
#include "architectures/decoder.h"
#include "architectures/positions.h"
#include "base/fail.h"

namespace zeropoint {
namespace {

class Gpt2 {
 public:
  explicit Gpt2(GraphBuilder& builder)
      : builder_(builder),
        config_(builder.config()),
        hidden_(config_.positive("n_embd")),
        inner_(config_.has("n_inner") ? config_.positive("n_inner") : 4 * hidden_),
        heads_(config_.positive("n_head")),
        layers_(config_.positive("n_layer")),
        epsilon_(config_.number("layer_norm_epsilon", 1e-5)),
        prefix_(builder.has_weight("transformer.wte.weight") ? "transformer." : "") {}

  void build() {
    const std::int64_t vocabulary = config_.positive("vocab_size");
    const std::int64_t positions = config_.positive("n_positions");
    const ValueId tokens = builder_.tokens(positions, vocabulary);
    const ValueId words = builder_.embedding(tokens, prefix_ + "wte", vocabulary, hidden_);
    const ValueId places = builder_.embedding(add_positions(builder_, tokens).places, prefix_ + "wpe", positions,
                                              hidden_, WeightRole::other);
    ValueId x = builder_.node("Add", "embeddings/sum", {words, places});
    for (std::int64_t i = 0; i < layers_; ++i) {
      builder_.enter_layer(static_cast<int>(i));
      x = block(x, prefix_ + "h." + std::to_string(i), i);
    }
    builder_.enter_layer(-1);
    x = builder_.layer_norm(x, prefix_ + "ln_f", hidden_, epsilon_);
    x = builder_.output_layer(x, "lm_head", prefix_ + "wte", hidden_, vocabulary);
    builder_.output(x, "logits", vocabulary);
  }

 private:
  ValueId conv1d(ValueId x, const std::string& module, std::int64_t in, std::int64_t out) {
    return builder_.linear(x, module, {.in = in, .out = out, .bias = Bias::present, .is_in_out = true});
  }

  ValueId block(ValueId x, const std::string& name, std::int64_t layer) {
    ValueId y = builder_.layer_norm(x, name + ".ln_1", hidden_, epsilon_);
    y = conv1d(y, name + ".attn.c_attn", hidden_, 3 * hidden_);
    y = attention(builder_.split(name + ".attn/split", y, {hidden_, hidden_, hidden_}), name + ".attn", layer);
    y = conv1d(y, name + ".attn.c_proj", hidden_, hidden_);
    x = builder_.node("Add", name + "/attended", {x, y});
    y = builder_.layer_norm(x, name + ".ln_2", hidden_, epsilon_);
    y = conv1d(y, name + ".mlp.c_fc", hidden_, inner_);
    y = activation(builder_, config_.text("activation_function", "gelu_new"), y, name + ".mlp/act");
    y = conv1d(y, name + ".mlp.c_proj", inner_, hidden_);
    return builder_.node("Add", name, {x, y});
  }

  ValueId attention(std::vector<ValueId> qkv, const std::string& name, std::int64_t layer) {
    const std::int64_t head_size = hidden_ / heads_;
    double scale = 1;
    if (config_.flag("scale_attn_weights", true)) scale /= std::sqrt(static_cast<double>(head_size));
    if (config_.flag("scale_attn_by_inverse_layer_idx", false)) scale /= static_cast<double>(layer + 1);
    return builder_.node("Attention", name, std::move(qkv),
                         {{"is_causal", std::int64_t{1}},
                          {"q_num_heads", heads_},
                          {"kv_num_heads", heads_},
                          {"scale", static_cast<float>(scale)}});
  }

  GraphBuilder& builder_;
  const Config& config_;
  std::int64_t hidden_, inner_, heads_, layers_;
  double epsilon_;
  std::string prefix_;  // checkpoints of the bare model have none
};

void define(GraphBuilder& builder) { Gpt2(builder).build(); }

}  // namespace

Architecture architecture_gpt2() { return {.model_type = "gpt2", .summary = "GPT-2", .define = define}; }

}  // namespace zeropoint
