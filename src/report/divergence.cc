#include "report/divergence.h"

#include <algorithm>
#include <cmath>

#include "base/fail.h"
#include "base/parallel.h"
#include "report/next_token.h"

namespace zeropoint {
namespace {

struct Position {
  double kl = 0;
  bool same_top = false;
};

Position compare(std::span<const float> reference, std::span<const float> logits) {
  const double log_p = log_sum_exp(reference);
  const double log_q = log_sum_exp(logits);
  double kl = 0;
  for (std::size_t j = 0; j < reference.size(); ++j) {
    const double p = std::exp(static_cast<double>(reference[j]) - log_p);
    if (p > 0) kl += p * ((static_cast<double>(reference[j]) - log_p) - (static_cast<double>(logits[j]) - log_q));
  }
  const auto top = [](std::span<const float> row) { return std::ranges::max_element(row) - row.begin(); };
  return {.kl = std::max(kl, 0.0), .same_top = top(reference) == top(logits)};  // never negative but for rounding
}

/// The smallest value that `share` of the sorted values do not exceed.
double quantile(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

void Divergence::add(const Tensor& tokens, const Tensor& reference, const Tensor& logits, const std::string& output) {
  if (reference.shape() != logits.shape()) {
    fail(ErrorKind::invalid_model, output, "has the shape {} in one model and {} in the other",
         to_string(reference.shape()), to_string(logits.shape()));
  }
  const NextTokens wanted(tokens, reference, output);
  const NextTokens found(tokens, logits, output);
  for (const double loss : wanted.losses()) reference_loss_ += loss;
  for (const double loss : found.losses()) loss_ += loss;
  std::vector<Position> positions(static_cast<std::size_t>(wanted.count()));
  parallel_chunks(wanted.count(), [&](std::int64_t i) {
    positions[static_cast<std::size_t>(i)] = compare(wanted.logits(i), found.logits(i));
  });
  for (const Position& position : positions) {
    kl_.push_back(position.kl);
    same_top_ += position.same_top ? 1 : 0;
  }
}

LanguageScores Divergence::scores() const {
  LanguageScores scores{.tokens = std::ssize(kl_)};
  if (kl_.empty()) return scores;
  const auto count = static_cast<double>(kl_.size());
  scores.reference_perplexity = std::exp(reference_loss_ / count);
  scores.perplexity = std::exp(loss_ / count);
  for (const double kl : kl_) scores.kl_mean += kl / count;
  std::vector<double> sorted = kl_;
  std::ranges::sort(sorted);
  scores.kl_median = quantile(sorted, 0.5);
  scores.kl_p99 = quantile(sorted, 0.99);
  scores.same_top = static_cast<double>(same_top_) / count;
  return scores;
}

}  // namespace zeropoint
