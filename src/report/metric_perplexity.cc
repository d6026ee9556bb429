// Perplexity of a language model: exp of the mean negative log-likelihood of each next token.
//
//   perplexity = exp(-1/n sum_t log softmax(logits[t])[tokens[t + 1]])
#include <algorithm>
#include <cmath>

#include "base/fail.h"
#include "base/parallel.h"
#include "data/convert.h"
#include "report/metric.h"
#include "report/selection.h"

namespace zeropoint {
namespace {

/// -log softmax(logits)[target] in double.
double negative_log_likelihood(std::span<const float> logits, std::int64_t target) {
  const double highest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - highest);
  return std::log(sum) + highest - static_cast<double>(logits[static_cast<std::size_t>(target)]);
}

class Perplexity final : public Metric {
 public:
  Perplexity(const Program& program, const MetricOptions& options)
      : input_(find_tokens(program)),
        output_(find_output(program, options.output)),
        output_name_(program.outputs()[output_].name),
        selection_(Selection::parse(options.selection, "--select")) {}

  void add(const Batch& batch, std::span<const Tensor> outputs) override {
    const Tensor tokens = convert(batch.inputs[input_], DType::i64, "tokens");
    const Tensor logits = convert(selection_.of(outputs[output_]), DType::f32, output_name_);
    if (logits.rank() != 3 || logits.dim(0) != tokens.dim(0) || logits.dim(1) != tokens.dim(1) || logits.dim(2) == 0) {
      fail(ErrorKind::invalid_option, "--metric perplexity",
           "wants the output '{}' as [samples, tokens, vocabulary] for tokens {}, it is {}", output_name_,
           to_string(tokens.shape()), to_string(logits.shape()));
    }
    const std::int64_t length = tokens.dim(1);
    const std::int64_t predicted = std::max<std::int64_t>(length - 1, 0);
    std::vector<double> losses(static_cast<std::size_t>(tokens.dim(0) * predicted));
    parallel_chunks(static_cast<std::int64_t>(losses.size()), [&](std::int64_t i) {
      const std::int64_t position = i / predicted * length + i % predicted;
      losses[static_cast<std::size_t>(i)] = loss_at(tokens, logits, position);
    });
    for (const double loss : losses) sum_ += loss;
    tokens_ += static_cast<std::int64_t>(losses.size());
  }

  std::vector<Score> scores() const override {
    const double mean = tokens_ == 0 ? 0 : sum_ / static_cast<double>(tokens_);
    return {{.name = "perplexity", .value = std::exp(mean)},
            {.name = "loss", .value = mean},
            {.name = "tokens", .value = static_cast<double>(tokens_)}};
  }

 private:
  static std::size_t find_tokens(const Program& program) {
    for (std::size_t i = 0; i < program.inputs().size(); ++i) {
      const ProgramValue& input = program.inputs()[i];
      if (is_integer(input.dtype) && input.shape.size() == 2) return i;
    }
    fail(ErrorKind::invalid_option, "--metric perplexity",
         "the model has no input of tokens: integers [samples, length]");
  }

  double loss_at(const Tensor& tokens, const Tensor& logits, std::int64_t position) const {
    const std::int64_t vocabulary = logits.dim(2);
    const std::int64_t target = tokens.data<std::int64_t>()[position + 1];
    if (target < 0 || target >= vocabulary) {
      fail(ErrorKind::invalid_data, output_name_, "has a vocabulary of {}; the data holds the token {}", vocabulary,
           target);
    }
    const auto row = logits.values<float>().subspan(static_cast<std::size_t>(position * vocabulary),
                                                    static_cast<std::size_t>(vocabulary));
    const double loss = negative_log_likelihood(row, target);
    if (std::isnan(loss)) fail(ErrorKind::invalid_model, output_name_, "has a NaN at token {}", position);
    return loss;
  }

  std::size_t input_;
  std::size_t output_;
  std::string output_name_;
  Selection selection_;
  double sum_ = 0;
  std::int64_t tokens_ = 0;
};

}  // namespace

MetricSpec metric_perplexity() {
  return {.name = "perplexity",
          .summary = "of a language model that predicts each next token of its input",
          .make = [](const Program& program, const MetricOptions& options) -> std::unique_ptr<Metric> {
            return std::make_unique<Perplexity>(program, options);
          }};
}

}  // namespace zeropoint
