// Accuracy of a classifier: how often the label is the best class, or one of the best five.
#include <algorithm>
#include <cmath>

#include "base/fail.h"
#include "data/convert.h"
#include "report/metric.h"
#include "report/selection.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kTopFive = 5;

/// [samples, classes] from scores with further axes of length 1.
Tensor as_rows(const Tensor& scores, const std::string& output) {
  const std::int64_t samples = scores.rank() > 0 ? scores.dim(0) : 0;
  std::int64_t long_axes = 0;
  for (int axis = 1; axis < scores.rank(); ++axis) long_axes += scores.dim(axis) != 1 ? 1 : 0;
  if (scores.rank() < 2 || long_axes > 1 || samples == 0) {
    fail(ErrorKind::invalid_option, "--metric top1",
         "wants the output '{}' as [samples, classes], it is {}: say with --select which part holds the scores, for "
         "example '[:,0,:]'",
         output, to_string(scores.shape()));
  }
  return scores.reshaped({samples, scores.size() / samples});
}

/// How many classes come before `label`: those with a higher score, and equal ones with a lower number.
std::int64_t rank_of(std::span<const float> scores, std::int64_t label) {
  const float own = scores[static_cast<std::size_t>(label)];
  std::int64_t rank = 0;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(scores.size()); ++i) {
    const float score = scores[static_cast<std::size_t>(i)];
    if (score > own || (score == own && i < label)) ++rank;
  }
  return rank;
}

class Top1 final : public Metric {
 public:
  Top1(const Program& program, const MetricOptions& options)
      : output_(find_output(program, options.output)),
        output_name_(program.outputs()[output_].name),
        selection_(Selection::parse(options.selection, "--select")) {}

  void add(const Batch& batch, std::span<const Tensor> outputs) override {
    const Tensor values = convert(selection_.of(outputs[output_]), DType::f32, output_name_);
    const Tensor rows = as_rows(values, output_name_);
    if (static_cast<std::size_t>(rows.dim(0)) != batch.labels.size()) {
      fail(ErrorKind::invalid_data, output_name_, "has {} rows of scores for {} labels", rows.dim(0),
           batch.labels.size());
    }
    const auto classes = static_cast<std::size_t>(rows.dim(1));
    has_top5_ = has_top5_ || rows.dim(1) > kTopFive;
    for (std::size_t i = 0; i < batch.labels.size(); ++i) {
      add_row(rows.values<float>().subspan(i * classes, classes), batch.labels[i]);
    }
  }

  std::vector<Score> scores() const override {
    const auto share = [this](std::int64_t n) { return static_cast<double>(n) / static_cast<double>(samples_); };
    std::vector<Score> all{{.name = "top1", .value = share(first_), .is_fraction = true}};
    if (has_top5_) all.push_back({.name = "top5", .value = share(first_five_), .is_fraction = true});
    return all;
  }

 private:
  void add_row(std::span<const float> scores, std::int64_t label) {
    if (label < 0 || label >= static_cast<std::int64_t>(scores.size())) {
      fail(ErrorKind::invalid_data, output_name_, "has {} classes; sample {} is labelled {}", scores.size(), samples_,
           label);
    }
    if (std::any_of(scores.begin(), scores.end(), [](float v) { return std::isnan(v); })) {
      fail(ErrorKind::invalid_model, output_name_, "has a NaN for sample {}", samples_);
    }
    const std::int64_t rank = rank_of(scores, label);
    first_ += rank == 0 ? 1 : 0;
    first_five_ += rank < kTopFive ? 1 : 0;
    ++samples_;
  }

  std::size_t output_;
  std::string output_name_;
  Selection selection_;
  bool has_top5_ = false;  // fewer classes: it would say nothing
  std::int64_t samples_ = 0;
  std::int64_t first_ = 0;
  std::int64_t first_five_ = 0;
};

}  // namespace

MetricSpec metric_top1() {
  return {.name = "top1",
          .summary = "share of samples whose label has the highest score (and top5: one of the five highest)",
          .needs_labels = true,
          .make = [](const Program& program, const MetricOptions& options) -> std::unique_ptr<Metric> {
            return std::make_unique<Top1>(program, options);
          }};
}

}  // namespace zeropoint
