#include "report/divergence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

// Logits that are logarithms of probabilities.
Tensor log_probabilities(std::initializer_list<float> p) {
  Tensor t = Tensor::of<float>({1, static_cast<std::int64_t>(p.size()) / 2, 2}, p);
  for (float& v : t.mutable_values<float>()) v = std::log(v);
  return t;
}

TEST(Divergence, FollowsItsDefinition) {
  Divergence divergence;
  const Tensor tokens = Tensor::of<std::int64_t>({1, 3}, {0, 1, 0});
  // The last position has no next token and does not count.
  divergence.add(tokens, log_probabilities({0.5, 0.5, 0.25, 0.75, 0.1, 0.9}),
                 log_probabilities({0.25, 0.75, 0.25, 0.75, 0.9, 0.1}), "logits");
  const LanguageScores scores = divergence.scores();
  const double first = 0.5 * std::log(0.5 / 0.25) + 0.5 * std::log(0.5 / 0.75);
  EXPECT_EQ(scores.tokens, 2);
  EXPECT_NEAR(scores.kl_mean, first / 2, 1e-7);
  EXPECT_NEAR(scores.kl_median, 0, 1e-7);
  EXPECT_NEAR(scores.kl_p99, first, 1e-7);
  EXPECT_NEAR(scores.reference_perplexity, 1 / std::sqrt(0.5 * 0.25), 1e-6);
  EXPECT_NEAR(scores.perplexity, 1 / std::sqrt(0.75 * 0.25), 1e-6);
  EXPECT_EQ(scores.same_top, 0.5);
}

TEST(Divergence, OfAModelFromItselfIsZero) {
  Divergence divergence;
  const Tensor logits = log_probabilities({0.5, 0.5, 0.25, 0.75});
  divergence.add(Tensor::of<std::int64_t>({1, 2}, {0, 1}), logits, logits, "logits");
  EXPECT_EQ(divergence.scores().kl_mean, 0);
  EXPECT_EQ(divergence.scores().same_top, 1);
}

TEST(Divergence, RefusesLogitsOfOtherVocabularies) {
  Divergence divergence;
  const Tensor tokens = Tensor::of<std::int64_t>({1, 2}, {0, 1});
  EXPECT_THROW(
      divergence.add(tokens, log_probabilities({0.5, 0.5, 0.25, 0.75}), Tensor::zeros(DType::f32, {1, 2, 3}), "logits"),
      Error);
  EXPECT_THROW(divergence.add(tokens, log_probabilities({0.5, 0.5, 0.25, 0.75}),
                              log_probabilities({NAN, 0.5, 0.25, 0.75}), "logits"),
               Error);
}

}  // namespace
}  // namespace zeropoint
