// BERT (Devlin et al. 2018): an encoder with LayerNorm after each block. All tokens are of segment 0 and none is
// padding; the output is the last layer's hidden state, without pooling or a head.
#include "architectures/activation.h"
#include "architectures/positions.h"

#include "base/fail.h"

namespace zeropoint {
namespace {

class Bert {
 public:
  explicit Bert(GraphBuilder& builder)
      : builder_(builder),
        config_(builder.config()),
        hidden_(config_.positive("hidden_size")),
        inner_(config_.positive("intermediate_size")),
        heads_(config_.positive("num_attention_heads")),
        layers_(config_.positive("num_hidden_layers")),
        epsilon_(config_.number("layer_norm_eps", 1e-12)),
        prefix_(builder.has_weight("bert.embeddings.word_embeddings.weight") ? "bert." : "") {}

  void build() {
    const std::string kind = config_.text("position_embedding_type", "absolute");
    if (kind != "absolute") {
      fail(ErrorKind::unsupported, config_.where(), "position embeddings of type '{}' are not offered, only absolute",
           kind);
    }
    const std::int64_t positions = config_.positive("max_position_embeddings");
    const ValueId tokens = builder_.tokens(positions, config_.positive("vocab_size"));
    ValueId x = embeddings(tokens, positions);
    for (std::int64_t i = 0; i < layers_; ++i) {
      builder_.enter_layer(static_cast<int>(i));
      x = block(x, prefix_ + "encoder.layer." + std::to_string(i));
    }
    builder_.output(x, "last_hidden_state", hidden_);
  }

 private:
  ValueId embeddings(ValueId tokens, std::int64_t positions) {
    const std::string module = prefix_ + "embeddings";
    const ValueId words =
        builder_.embedding(tokens, module + ".word_embeddings", config_.positive("vocab_size"), hidden_);
    const ValueId places = builder_.embedding(add_positions(builder_, tokens).places, module + ".position_embeddings",
                                              positions, hidden_, WeightRole::other);
    const ValueId segments = builder_.embedding(builder_.integers("segments", {0}), module + ".token_type_embeddings",
                                                config_.integer("type_vocab_size", 2), hidden_, WeightRole::other);
    ValueId x = builder_.node("Add", module + "/words_segments", {words, segments});
    x = builder_.node("Add", module + "/sum", {x, places});
    return builder_.layer_norm(x, module + ".LayerNorm", hidden_, epsilon_);
  }

  ValueId dense(ValueId x, const std::string& module, std::int64_t in, std::int64_t out) {
    return builder_.linear(x, module, {.in = in, .out = out, .bias = Bias::present});
  }

  ValueId block(ValueId x, const std::string& name) {
    const std::string self = name + ".attention.self";
    std::vector<ValueId> qkv;
    for (const char* which : {".query", ".key", ".value"}) qkv.push_back(dense(x, self + which, hidden_, hidden_));
    ValueId y = builder_.node("Attention", self, std::move(qkv), {{"q_num_heads", heads_}, {"kv_num_heads", heads_}});
    y = dense(y, name + ".attention.output.dense", hidden_, hidden_);
    y = builder_.node("Add", name + ".attention.output/residual", {y, x});
    x = builder_.layer_norm(y, name + ".attention.output.LayerNorm", hidden_, epsilon_);
    y = dense(x, name + ".intermediate.dense", hidden_, inner_);
    y = activation(builder_, config_.text("hidden_act", "gelu"), y, name + ".intermediate/act");
    y = dense(y, name + ".output.dense", inner_, hidden_);
    y = builder_.node("Add", name + ".output/residual", {y, x});
    return builder_.layer_norm(y, name + ".output.LayerNorm", hidden_, epsilon_);
  }

  GraphBuilder& builder_;
  const Config& config_;
  std::int64_t hidden_, inner_, heads_, layers_;
  double epsilon_;
  std::string prefix_;  // checkpoints of the bare model have none
};

void define(GraphBuilder& builder) { Bert(builder).build(); }

}  // namespace

Architecture architecture_bert() {
  return {.model_type = "bert", .summary = "BERT, without its heads", .define = define};
}

}  // namespace zeropoint
