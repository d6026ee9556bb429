#include "report/metric.h"

#include <array>

#include "base/fail.h"
#include "base/nearest.h"

namespace zeropoint {

std::span<const MetricSpec> all_metrics() {
  static const std::array<MetricSpec, 3> kMetrics = {metric_top1(), metric_perplexity(), metric_speed()};
  return kMetrics;
}

const MetricSpec& find_metric(std::string_view name) {
  std::vector<std::string_view> names;
  for (const MetricSpec& spec : all_metrics()) {
    if (spec.name == name) return spec;
    names.push_back(spec.name);
  }
  throw Error(ErrorKind::invalid_option, "--metric", unknown_word("metric", name, names));
}

std::size_t find_output(const Program& program, const std::string& name) {
  if (name.empty()) return 0;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < program.outputs().size(); ++i) {
    if (program.outputs()[i].name == name) return i;
    names.push_back(program.outputs()[i].name);
  }
  throw Error(ErrorKind::invalid_option, "--output-name", unknown_word("output", name, names));
}

}  // namespace zeropoint
