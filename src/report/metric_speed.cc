// No quality at all: the model is only run, for models and data without labels.
#include "report/metric.h"

namespace zeropoint {
namespace {

class Speed final : public Metric {
 public:
  void add(const Batch&, std::span<const Tensor>) override {}
  std::vector<Score> scores() const override { return {}; }
};

}  // namespace

MetricSpec metric_speed() {
  return {.name = "speed",
          .summary = "only run the model and measure the time",
          .make = [](const Program&, const MetricOptions&) -> std::unique_ptr<Metric> {
            return std::make_unique<Speed>();
          }};
}

}  // namespace zeropoint
