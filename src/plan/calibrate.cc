#include "plan/calibrate.h"

#include <algorithm>
#include <map>

#include "base/fail.h"
#include "base/interrupt.h"
#include "executor/program.h"

namespace zeropoint {
namespace {

bool may_be_float32(const Value& value) { return value.dtype == DType::undefined || value.dtype == DType::f32; }

/// The tensors of a run, split by who delivers them: the batch itself, or a tap of the program.
struct Plan {
  std::vector<std::pair<std::size_t, std::string>> inputs;  // index into the batch
  std::vector<std::string> taps;
};

Plan split(const Graph& graph, std::span<const std::string> tensors) {
  Plan plan;
  for (const std::string& tensor : tensors) {
    const ValueId id = graph.find(tensor);
    if (id == kNoValue) fail(ErrorKind::invalid_option, "calibrate", "the model has no tensor '{}'", tensor);
    const auto input = std::find(graph.inputs.begin(), graph.inputs.end(), id);
    if (input != graph.inputs.end()) {
      plan.inputs.emplace_back(static_cast<std::size_t>(input - graph.inputs.begin()), tensor);
    } else {
      plan.taps.push_back(tensor);
    }
  }
  return plan;
}

class Recorder {
 public:
  Recorder(const StatisticsOptions& options, const std::vector<std::string>& taps) : options_(options) {
    for (const std::string& tap : taps) taps_.push_back(&*statistics_.tensors.try_emplace(tap, options).first);
  }

  void observe_tap(std::size_t tap, const Tensor& value) { observe(*taps_[tap], value); }

  void observe_input(const std::string& name, const Tensor& value) {
    observe(*statistics_.tensors.try_emplace(name, options_).first, value);
  }

  void end_batch(std::int64_t samples) { statistics_.samples += static_cast<std::uint64_t>(samples); }
  std::int64_t samples() const { return static_cast<std::int64_t>(statistics_.samples); }

  /// What was seen; tensors that were never float32, or always empty, are left out.
  Statistics take() {
    std::erase_if(statistics_.tensors, [](const auto& entry) { return entry.second.slices().empty(); });
    return std::move(statistics_);
  }

 private:
  using Entry = std::map<std::string, TensorStatistics>::value_type;

  void observe(Entry& entry, const Tensor& value) {
    if (value.dtype() != DType::f32) return;
    try {
      entry.second.observe(value, entry.first);
    } catch (const Error& e) {
      throw Error(e.kind(), fmt::format("tensor '{}'", e.where()),
                  fmt::format("sample {}: {}", samples(), e.message()));
    }
  }

  StatisticsOptions options_;
  Statistics statistics_;
  std::vector<Entry*> taps_;
};

}  // namespace

std::vector<std::string> observable_values(const Graph& graph) {
  std::vector<std::string> names;
  const auto take = [&](ValueId id) {
    if (id != kNoValue && may_be_float32(graph.value(id))) names.push_back(graph.value(id).name);
  };
  for (const ValueId id : graph.inputs) take(id);
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.outputs) take(id);
  }
  return names;
}

Statistics calibrate(const Model& model, Dataset& data, std::span<const std::string> tensors,
                     const CalibrationOptions& options) {
  const Plan plan = split(model.graph, tensors);
  Program program = Program::compile(model, {.taps = plan.taps});
  Recorder recorder(options.statistics, plan.taps);
  const Tap tap = [&](std::size_t index, const Tensor& value) { recorder.observe_tap(index, value); };
  while (const auto batch = data.next()) {
    check_interrupt();
    for (const auto& [index, name] : plan.inputs) recorder.observe_input(name, batch->inputs[index]);
    program.run(batch->inputs, tap);
    recorder.end_batch(batch->samples);
    if (options.on_progress) options.on_progress(recorder.samples(), data.size());
  }
  if (recorder.samples() == 0) fail(ErrorKind::invalid_data, "calibration data", "there is no sample");
  return recorder.take();
}

}  // namespace zeropoint
