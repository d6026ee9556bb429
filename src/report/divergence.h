// How far the predictions of a language model are from those of a reference on the same tokens.
//
//   KL(p || q) = sum_j p_j (log p_j - log q_j),   p = softmax(reference logits), q = softmax(logits)
//
// at every position that has a next token, in double. 8 bytes per position are kept for the percentiles.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zeropoint/tensor.h"

namespace zeropoint {

struct LanguageScores {
  std::int64_t tokens = 0;          // predicted ones
  double reference_perplexity = 0;  // exp of the mean -log p[next token]
  double perplexity = 0;
  double kl_mean = 0;  // nats per token
  double kl_median = 0;
  double kl_p99 = 0;    // 99 of 100 positions are below
  double same_top = 0;  // share of positions where both find the same token most likely
};

class Divergence {
 public:
  /// int64 tokens [N, T] and the logits [N, T, vocabulary] of both. Throws invalid_option where the shapes do not fit,
  /// invalid_model for a NaN.
  void add(const Tensor& tokens, const Tensor& reference, const Tensor& logits, const std::string& output);

  LanguageScores scores() const;

 private:
  std::vector<double> kl_;
  double reference_loss_ = 0;
  double loss_ = 0;
  std::int64_t same_top_ = 0;
};

}  // namespace zeropoint
