#include "report/next_token.h"

#include <algorithm>
#include <cmath>

#include "base/fail.h"
#include "base/parallel.h"

namespace zeropoint {

double log_sum_exp(std::span<const float> logits) {
  const double highest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - highest);
  return std::log(sum) + highest;
}

std::size_t find_tokens(const Program& program) {
  for (std::size_t i = 0; i < program.inputs().size(); ++i) {
    const ProgramValue& input = program.inputs()[i];
    if (is_integer(input.dtype) && input.shape.size() == 2) return i;
  }
  fail(ErrorKind::invalid_option, "--metric perplexity",
       "the model has no input of tokens: integers [samples, length]");
}

NextTokens::NextTokens(const Tensor& tokens, const Tensor& logits, const std::string& output)
    : tokens_(tokens), logits_(logits), output_(output) {
  if (logits.rank() != 3 || logits.dim(0) != tokens.dim(0) || logits.dim(1) != tokens.dim(1) || logits.dim(2) == 0) {
    fail(ErrorKind::invalid_option, "--metric perplexity",
         "wants the output '{}' as [samples, tokens, vocabulary] for tokens {}, it is {}", output,
         to_string(tokens.shape()), to_string(logits.shape()));
  }
  samples_ = tokens.dim(0);
  length_ = tokens.dim(1);
  predicted_ = std::max<std::int64_t>(length_ - 1, 0);
}

std::span<const float> NextTokens::logits(std::int64_t i) const {
  const std::int64_t vocabulary = logits_.dim(2);
  return logits_.values<float>().subspan(static_cast<std::size_t>(position(i) * vocabulary),
                                         static_cast<std::size_t>(vocabulary));
}

std::int64_t NextTokens::target(std::int64_t i) const {
  const std::int64_t token = tokens_.data<std::int64_t>()[position(i) + 1];
  if (token < 0 || token >= logits_.dim(2)) {
    fail(ErrorKind::invalid_data, output_, "has a vocabulary of {}; the data holds the token {}", logits_.dim(2),
         token);
  }
  return token;
}

double NextTokens::loss(std::int64_t i) const {
  const std::span<const float> row = logits(i);
  const double loss = log_sum_exp(row) - static_cast<double>(row[static_cast<std::size_t>(target(i))]);
  if (std::isnan(loss)) fail(ErrorKind::invalid_model, output_, "has a NaN at token {}", position(i));
  return loss;
}

std::vector<double> NextTokens::losses() const {
  std::vector<double> losses(static_cast<std::size_t>(count()));
  parallel_chunks(count(), [&](std::int64_t i) { losses[static_cast<std::size_t>(i)] = loss(i); });
  return losses;
}

}  // namespace zeropoint
