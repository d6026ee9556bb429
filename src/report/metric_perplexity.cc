// Perplexity of a language model: exp of the mean negative log-likelihood of each next token.
//
//   perplexity = exp(-1/n sum_t log softmax(logits[t])[tokens[t + 1]])
#include <cmath>

#include "base/fail.h"
#include "data/convert.h"
#include "report/metric.h"
#include "report/next_token.h"
#include "report/selection.h"

namespace zeropoint {
namespace {

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
    const std::vector<double> losses = NextTokens(tokens, logits, output_name_).losses();
    for (const double loss : losses) sum_ += loss;
    tokens_ += std::ssize(losses);
  }

  std::vector<Score> scores() const override {
    if (tokens_ == 0) fail(ErrorKind::invalid_data, "--data", "no sequence has 2 tokens: there is none to predict");
    const double mean = sum_ / static_cast<double>(tokens_);
    return {{.name = "perplexity", .value = std::exp(mean)},
            {.name = "loss", .value = mean},
            {.name = "tokens", .value = static_cast<double>(tokens_)}};
  }

 private:
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
