#include "pipeline/linear_layers.h"

#include <gmock/gmock.h>

#include "support/fake_checkpoint.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

const std::vector<WeightPlace> kPlaces = {{.name = "embeddings.weight", .role = WeightRole::embedding},
                                          {.name = "positions.weight", .role = WeightRole::other},
                                          {.name = "layer.up.weight", .role = WeightRole::linear},
                                          {.name = "layer.down.weight", .role = WeightRole::linear},
                                          {.name = "head.weight", .role = WeightRole::output}};

TEST(LinearLayers, ThoseThatNoGraphMentionsCountToo) {
  const Checkpoint bert = testing::fake_checkpoint({{"model_type", "bert"}}, {{"classifier.weight", {2, 8}},
                                                                              {"classifier.bias", {2}},
                                                                              {"norm.weight", {8}},
                                                                              {"embeddings.weight", {9, 8}},
                                                                              {"positions.weight", {4, 8}},
                                                                              {"layer.up.weight", {8, 8}},
                                                                              {"layer.down.weight", {8, 8}},
                                                                              {"head.weight", {9, 8}}});
  EXPECT_THAT(float_linear_layers(bert, kPlaces, {"layer.up.weight"}),
              ElementsAre("classifier.weight", "head.weight", "layer.down.weight"));
}

TEST(LinearLayers, AHeadThatSharesTheEmbeddingIsALayer) {
  const Checkpoint tied = testing::fake_checkpoint({{"tie_word_embeddings", true}}, {{"layer.up.weight", {8, 8}}});
  EXPECT_THAT(float_linear_layers(tied, kPlaces, {"layer.up.weight"}), ElementsAre("lm_head.weight"));
}

}  // namespace
}  // namespace zeropoint
