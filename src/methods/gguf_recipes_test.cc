#include "methods/gguf_recipes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using kernels::GgmlType;
using ::testing::ElementsAre;

constexpr GgufModelFacts kSixteenLayers{.layers = 16, .queries_per_key = 4, .has_output = true};

GgmlType type_of(std::string_view recipe, std::string_view name, const Shape& shape = {512, 256},
                 const GgufModelFacts& facts = kSixteenLayers) {
  return choose_gguf_type(find_gguf_recipe(recipe), name, shape, facts).type;
}

std::vector<int> layers_with(std::string_view recipe, std::string_view tensor, GgmlType type) {
  std::vector<int> found;
  for (int i = 0; i < kSixteenLayers.layers; ++i) {
    const std::string name = "blk." + std::to_string(i) + "." + std::string(tensor) + ".weight";
    if (type_of(recipe, name) == type) found.push_back(i);
  }
  return found;
}

TEST(GgufRecipes, Q4_K_M_GivesMoreBitsToEveryThirdLayerAndTheEnds) {
  EXPECT_THAT(layers_with("Q4_K_M", "ffn_down", GgmlType::q6_k), ElementsAre(0, 1, 4, 7, 10, 13, 14, 15));
  EXPECT_THAT(layers_with("Q4_K_M", "attn_v", GgmlType::q6_k), ElementsAre(0, 1, 4, 7, 10, 13, 14, 15));
  EXPECT_THAT(layers_with("Q4_K_M", "attn_q", GgmlType::q4_k).size(), 16U);
  EXPECT_EQ(type_of("Q4_K_M", "output.weight"), GgmlType::q6_k);
  EXPECT_EQ(type_of("Q4_K_M", "token_embd.weight"), GgmlType::q4_k);
  EXPECT_EQ(type_of("Q4_K_M", "blk.3.attn_qkv.weight"), GgmlType::q5_k);
}

TEST(GgufRecipes, Q4_K_S_GivesMoreBitsToTheFirstLayers) {
  EXPECT_THAT(layers_with("Q4_K_S", "attn_v", GgmlType::q5_k), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(layers_with("Q4_K_S", "ffn_down", GgmlType::q5_k), ElementsAre(0, 1));
}

TEST(GgufRecipes, ATiedEmbeddingIsTheOutput) {
  EXPECT_EQ(type_of("Q4_0", "token_embd.weight", {512, 256}, {.layers = 16}), GgmlType::q6_k);
  EXPECT_EQ(type_of("Q8_0", "token_embd.weight", {512, 256}, {.layers = 16}), GgmlType::q8_0);
  EXPECT_EQ(type_of("F16", "token_embd.weight", {512, 256}, {.layers = 16}), GgmlType::f16);
}

TEST(GgufRecipes, SharedKeysAndImportanceChangeChoices) {
  EXPECT_EQ(type_of("Q2_K", "blk.0.attn_v.weight"), GgmlType::q4_k);
  EXPECT_EQ(type_of("Q2_K", "blk.0.attn_v.weight", {512, 256}, {.layers = 16, .queries_per_key = 1}), GgmlType::q3_k);
  EXPECT_EQ(type_of("Q4_0", "blk.0.ffn_down.weight"), GgmlType::q4_0);
  EXPECT_EQ(type_of("Q4_0", "blk.0.ffn_down.weight", {512, 256}, {.layers = 16, .has_importance = true}),
            GgmlType::q4_1);
  EXPECT_EQ(type_of("Q4_K_M", "blk.9.attn_v.weight", {512, 256}, {.layers = 80, .queries_per_key = 8}), GgmlType::q6_k);
  EXPECT_EQ(type_of("Q4_K_M", "blk.10.attn_v.weight", {512, 256}, {.layers = 80, .queries_per_key = 8}),
            GgmlType::q5_k);  // a 70B model: Q4_K otherwise
}

TEST(GgufRecipes, RowsThatDoNotFitFallBack) {
  const auto choice = [](std::string_view recipe, std::int64_t columns) {
    return choose_gguf_type(find_gguf_recipe(recipe), "blk.0.attn_q.weight", {8, columns}, kSixteenLayers);
  };
  EXPECT_EQ(choice("Q4_K_M", 64).type, GgmlType::q5_0);
  EXPECT_EQ(choice("Q4_K_M", 64).wanted, GgmlType::q4_k);
  EXPECT_EQ(choice("Q5_K_M", 64).type, GgmlType::q5_1);
  EXPECT_EQ(choice("Q6_K", 64).type, GgmlType::q8_0);
  EXPECT_EQ(choice("Q3_K_S", 64).type, GgmlType::q4_0);
  EXPECT_EQ(choice("Q2_K", 64).type, GgmlType::q4_0);
  EXPECT_EQ(choice("Q4_K_M", 172).type, GgmlType::f16);
  EXPECT_EQ(choice("Q8_0", 172).type, GgmlType::f16);
  EXPECT_EQ(type_of("Q4_K_M", "output.weight", {512, 320}), GgmlType::q8_0);
}

TEST(GgufRecipes, VectorsAndPositionsStayFloat) {
  EXPECT_EQ(type_of("Q4_0", "blk.0.attn_norm.weight", {256}), GgmlType::f32);
  EXPECT_EQ(type_of("Q4_0", "blk.0.attn_q.bias", {256}), GgmlType::f32);
  EXPECT_EQ(type_of("F16", "position_embd.weight"), GgmlType::f32);
  EXPECT_EQ(type_of("Q4_0", "token_types.weight"), GgmlType::f32);
}

TEST(GgufRecipes, AnUnknownMixIsAnsweredWithTheKnownOnes) {
  try {
    find_gguf_recipe("Q4_K_X");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), ::testing::StartsWith("unknown mix of GGUF formats 'Q4_K_X'; did you mean 'Q4_K_"));
    EXPECT_THAT(error.message(), ::testing::HasSubstr("Q2_K"));
  }
}

}  // namespace
}  // namespace zeropoint
