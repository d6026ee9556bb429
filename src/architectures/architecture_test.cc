#include "architectures/architecture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "executor/program.h"
#include "support/fake_checkpoint.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::AllOf;
using testing::fake_checkpoint;
using testing::FakeStore;
using ::testing::HasSubstr;

/// The names and shapes of a Llama with one layer.
std::map<std::string, Shape> llama_shapes() {
  const std::string layer = "model.layers.0.";
  return {{"model.embed_tokens.weight", {10, 8}},
          {layer + "input_layernorm.weight", {8}},
          {layer + "self_attn.q_proj.weight", {8, 8}},
          {layer + "self_attn.k_proj.weight", {4, 8}},
          {layer + "self_attn.v_proj.weight", {4, 8}},
          {layer + "self_attn.o_proj.weight", {8, 8}},
          {layer + "post_attention_layernorm.weight", {8}},
          {layer + "mlp.gate_proj.weight", {12, 8}},
          {layer + "mlp.up_proj.weight", {12, 8}},
          {layer + "mlp.down_proj.weight", {8, 12}},
          {"model.norm.weight", {8}},
          {"lm_head.weight", {10, 8}}};
}

nlohmann::ordered_json llama_config() {
  return {{"model_type", "llama"},         {"hidden_size", 8},         {"intermediate_size", 12},
          {"num_hidden_layers", 1},        {"num_attention_heads", 2}, {"num_key_value_heads", 1},
          {"max_position_embeddings", 16}, {"vocab_size", 10}};
}

std::string error_of(const Checkpoint& checkpoint) {
  try {
    find_architecture(checkpoint).build(checkpoint);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string error_with(std::string_view key, const nlohmann::ordered_json& value) {
  nlohmann::ordered_json config = llama_config();
  config[std::string(key)] = value;
  return error_of(fake_checkpoint(config, llama_shapes()));
}

TEST(Architecture, SaysWhatEveryWeightIs) {
  const Checkpoint checkpoint = fake_checkpoint(llama_config(), llama_shapes());
  const std::vector<WeightPlace> places = find_architecture(checkpoint).weights(checkpoint);
  ASSERT_EQ(places.size(), llama_shapes().size());
  EXPECT_EQ(places[0], (WeightPlace{.name = "model.embed_tokens.weight", .role = WeightRole::embedding}));
  EXPECT_EQ(places[1], (WeightPlace{.name = "model.layers.0.input_layernorm.weight", .layer = 0}));
  EXPECT_EQ(places[2],
            (WeightPlace{.name = "model.layers.0.self_attn.q_proj.weight", .role = WeightRole::linear, .layer = 0}));
  EXPECT_EQ(places.back(), (WeightPlace{.name = "lm_head.weight", .role = WeightRole::output}));
  EXPECT_EQ(static_cast<const FakeStore&>(*checkpoint.weights).reads, 0) << "listing weights reads none";
}

TEST(Architecture, ATiedEmbeddingIsListedOnce) {
  std::map<std::string, Shape> shapes = llama_shapes();
  shapes.erase("lm_head.weight");
  const Checkpoint checkpoint = fake_checkpoint(llama_config(), shapes);
  const std::vector<WeightPlace> places = find_architecture(checkpoint).weights(checkpoint);
  EXPECT_EQ(std::ranges::count(places, WeightRole::embedding, &WeightPlace::role), 1);
  EXPECT_EQ(std::ranges::count(places, WeightRole::output, &WeightPlace::role), 0);
}

TEST(Architecture, LinearLayersLeadToTheirWeights) {
  const Checkpoint checkpoint = fake_checkpoint(llama_config(), llama_shapes(), DType::bf16);
  const Model model = find_architecture(checkpoint).build(checkpoint);
  int layers = 0;
  for (const Node& node : model.graph.nodes) {
    const ValueId weight = linear_weight(model.graph, node);
    if (node.op_type != "MatMul") {
      EXPECT_EQ(weight, kNoValue);
      continue;
    }
    EXPECT_EQ(model.graph.value(weight).name, node.name + ".weight");
    EXPECT_EQ(model.graph.value(weight).constant.dtype(), DType::bf16);
    ++layers;
  }
  EXPECT_EQ(layers, 8);
}

TEST(Architecture, RefusesTokensThatItCannotPlace) {
  const Checkpoint checkpoint = fake_checkpoint(llama_config(), llama_shapes());
  Program program = Program::compile(find_architecture(checkpoint).build(checkpoint));
  const auto error_for = [&](const Tensor& tokens) -> std::string {
    try {
      program.run({&tokens, 1});
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_for(Tensor::zeros(DType::i64, {1, 16})), "no error");
  EXPECT_THAT(error_for(Tensor::zeros(DType::i64, {1, 17})),
              HasSubstr("input 'tokens': has the length 17; the model has 16 positions"));
  EXPECT_THAT(error_for(Tensor::of<std::int64_t>({1, 3}, {1, 10, 2})),
              HasSubstr("input 'tokens': holds 10 at position 1; the model knows 0 to 9"));
  EXPECT_THAT(error_for(Tensor::of<std::int64_t>({1, 1}, {-1})), HasSubstr("holds -1 at position 0"));
}

TEST(Architecture, NamesTheWeightThatIsMissingOrMisshaped) {
  std::map<std::string, Shape> shapes = llama_shapes();
  shapes.erase("model.layers.0.mlp.up_proj.weight");
  EXPECT_THAT(error_of(fake_checkpoint(llama_config(), shapes)),
              HasSubstr("fake: the weight 'model.layers.0.mlp.up_proj.weight' is missing"));
  shapes["model.layers.0.mlp.up_proj.weight"] = {8, 12};
  EXPECT_THAT(error_of(fake_checkpoint(llama_config(), shapes)),
              HasSubstr("'model.layers.0.mlp.up_proj.weight' has the shape [8, 12]; its config wants [12, 8]"));
  EXPECT_THAT(error_of(fake_checkpoint(llama_config(), llama_shapes(), DType::i8)),
              HasSubstr("the weight 'model.embed_tokens.weight' is int8, which is no float type"));
}

TEST(Architecture, NamesTheConfigKeyThatMakesNoSense) {
  EXPECT_THAT(error_with("model_type", "gemma7"),
              AllOf(HasSubstr("'gemma7' (model_type) is not offered"), HasSubstr("bert, gpt2, llama, mistral, qwen2")));
  EXPECT_THAT(error_with("hidden_size", nullptr), HasSubstr("'hidden_size' is missing"));
  EXPECT_THAT(error_with("hidden_size", "8"), HasSubstr("'hidden_size' is \"8\", not an integer"));
  EXPECT_THAT(error_with("hidden_size", -8), HasSubstr("'hidden_size' is -8, not a positive size"));
  EXPECT_THAT(error_with("num_hidden_layers", 1000000), HasSubstr("'num_hidden_layers' is 1000000, more than 4096"));
  EXPECT_THAT(error_with("num_key_value_heads", 3), HasSubstr("2 heads do not share 3 key-value heads evenly"));
  EXPECT_THAT(error_with("num_attention_heads", 3), HasSubstr("hidden_size 8 does not split into 3 heads"));
  EXPECT_THAT(error_with("hidden_act", "swiglu9"),
              HasSubstr("the activation 'swiglu9' is not offered; known are gelu"));
  EXPECT_THAT(error_with("tie_word_embeddings", 1), HasSubstr("'tie_word_embeddings' is 1, not true or false"));
}

TEST(Architecture, NamesTheRopeScalingThatItDoesNotKnow) {
  EXPECT_THAT(error_with("rope_scaling", {{"rope_type", "longrope"}}),
              HasSubstr("rope_scaling: the rope type 'longrope' is not offered; known are default, dynamic, linear"));
  EXPECT_THAT(error_with("rope_scaling", {{"type", "linear"}}), HasSubstr("'factor' is missing or not positive"));
  EXPECT_THAT(error_with("rope_scaling", {{"type", "linear"}, {"factor", 0.5}}), HasSubstr("'factor' is 0.5, below 1"));
  EXPECT_THAT(error_with("rope_theta", 1), HasSubstr("'rope_theta' is 1, not above 1"));
  EXPECT_EQ(error_with("rope_parameters", {{"rope_type", "default"}, {"rope_theta", 5000.0}}), "no error");
}

}  // namespace
}  // namespace zeropoint
