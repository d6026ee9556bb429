#include "api/network.h"
#include "api/plan_options.h"
#include "base/fail.h"
#include "data/dataset.h"
#include "plan/calibrate.h"
#include "plan/structure.h"

namespace zeropoint {
namespace {

/// The caller's batches as the dataset that calibration reads.
class CallerData final : public Dataset {
 public:
  explicit CallerData(const NextBatch& next) : next_(next) {}

  std::int64_t size() const override { return 0; }
  bool has_labels() const override { return false; }
  std::optional<Batch> next() override {
    auto inputs = next_();
    if (!inputs) return std::nullopt;
    const bool has_batch = !inputs->empty() && inputs->front().rank() > 0;
    const std::int64_t samples = has_batch ? inputs->front().dim(0) : 1;
    return Batch{.inputs = std::move(*inputs), .labels = {}, .samples = samples};
  }
  void rewind() override { fail(ErrorKind::internal, "calibration data", "a caller's batches come only once"); }

 private:
  const NextBatch& next_;
};

StatisticsOptions statistics_options(const PlanOptions& options, StatisticsUse use) {
  if (options.observer == kAutoObserver) return {};
  const ObserverSpec& observer = find_observer(options.observer);
  StatisticsOptions statistics{.torch_histogram = observer.needs_torch_histogram};
  if (use == StatisticsUse::this_observer && !observer.needs_histogram) statistics.histogram_bins = 0;
  return statistics;
}

}  // namespace

NextBatch open_data(const Network& network, const DataSource& source) {
  const std::shared_ptr<Dataset> data = open_dataset(network.impl(), source);
  return [data]() -> std::optional<std::vector<Tensor>> {
    auto batch = data->next();
    if (!batch) return std::nullopt;
    return std::move(batch->inputs);
  };
}

Calibration::Calibration(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Calibration Calibration::load(const std::filesystem::path& path) {
  return Calibration(std::make_shared<Impl>(Impl{Statistics::load(path)}));
}

void Calibration::save(const std::filesystem::path& path) const { impl_->statistics.save(path); }

void Calibration::merge(const Calibration& other) { impl_->statistics.merge(other.impl_->statistics); }

std::uint64_t Calibration::samples() const { return impl_->statistics.samples; }

Calibration calibrate_on(Network::Impl& network, Dataset& data, const PlanOptions& options, StatisticsUse use,
                         const OnProgress& progress) {
  const Model& model = network.prepared();
  const Structure structure = decide_structure(model.graph, structure_options(options));
  CalibrationOptions calibration{.statistics = statistics_options(options, use), .on_progress = progress};
  if (options.correct_biases) calibration.channel_means = tensors_with_channels(model.graph, structure);
  Statistics seen = calibrate(model, data, tensors_to_observe(model.graph, structure), calibration);
  return Calibration(std::make_shared<Calibration::Impl>(Calibration::Impl{std::move(seen)}));
}

Calibration calibrate(const Network& network, const NextBatch& next, const PlanOptions& options,
                      const OnProgress& progress) {
  CallerData data(next);
  return calibrate_on(network.impl(), data, options, StatisticsUse::any_observer, progress);
}

}  // namespace zeropoint
