// What the logits of a language model say about the token that comes next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "executor/program.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

/// log sum_j e^logits[j], in double.
double log_sum_exp(std::span<const float> logits);

/// The program's input of tokens: the first of integers [samples, length]. Throws invalid_option when there is none.
std::size_t find_tokens(const Program& program);

/// Logits [N, T, vocabulary] and the tokens [N, T] that they follow, position by position.
class NextTokens {
 public:
  /// int64 tokens, float32 logits, both of which outlive this, as does `output`, the name of the logits for messages.
  /// Throws invalid_option where their shapes do not fit together.
  NextTokens(const Tensor& tokens, const Tensor& logits, const std::string& output);

  std::int64_t count() const { return samples_ * predicted_; }  ///< positions that have a next token

  std::span<const float> logits(std::int64_t i) const;

  /// The token that follows. Throws invalid_data where the vocabulary does not have it.
  std::int64_t target(std::int64_t i) const;

  /// -log softmax(logits)[target]. Throws invalid_model where that is NaN.
  double loss(std::int64_t i) const;

  /// All losses, in order.
  std::vector<double> losses() const;

 private:
  std::int64_t position(std::int64_t i) const { return i / predicted_ * length_ + i % predicted_; }

  const Tensor& tokens_;
  const Tensor& logits_;
  const std::string& output_;
  std::int64_t samples_ = 0;
  std::int64_t length_ = 0;
  std::int64_t predicted_ = 0;  // per sample
};

}  // namespace zeropoint
