// How good a model's outputs are, as numbers that are computed batch by batch.
//
// A metric is one file with one row; evaluate() feeds it. Everything is accumulated in double or as
// counts, in the data's order, so that the result does not depend on the thread count.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "executor/program.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

struct MetricOptions {
  std::string output;     // which output; empty: the first
  std::string selection;  // what of it holds the scores: "[:,0,:]"; empty: all of it
};

/// One number of a metric. Fractions are 0..1.
struct Score {
  std::string name;  // "top1", "top5", "perplexity"
  double value = 0;
  bool is_fraction = false;
};

class Metric {
 public:
  virtual ~Metric() = default;
  virtual void add(const Batch& batch, std::span<const Tensor> outputs) = 0;
  virtual std::vector<Score> scores() const = 0;  ///< The first one is the headline.
};

struct MetricSpec {
  std::string_view name;
  std::string_view summary;
  bool needs_labels = false;
  /// Throws invalid_option for an output that the program does not have, invalid_model for shapes that cannot do.
  std::unique_ptr<Metric> (*make)(const Program& program, const MetricOptions& options) = nullptr;
};

std::span<const MetricSpec> all_metrics();
const MetricSpec& find_metric(std::string_view name);  ///< Throws invalid_option listing the names.

MetricSpec metric_top1();
MetricSpec metric_perplexity();
MetricSpec metric_speed();

/// Index of the output that `name` names. Throws invalid_option listing the outputs.
std::size_t find_output(const Program& program, const std::string& name);

}  // namespace zeropoint
