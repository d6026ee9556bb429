#include "plan/calibrate.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/fail.h"
#include "base/interrupt.h"
#include "executor/program.h"

namespace zeropoint {
namespace {

bool may_be_float32(const Value& value) { return value.dtype == DType::undefined || value.dtype == DType::f32; }

/// What is kept of one tensor; null where it is not wanted.
struct Record {
  std::string name;
  TensorStatistics* statistics = nullptr;
  ChannelMeans* channel_means = nullptr;
};

/// The records of a run, split by who delivers the tensors: the batch itself, or a tap of the program.
class Recorder {
 public:
  Recorder(const Graph& graph, std::span<const std::string> tensors, const CalibrationOptions& options) {
    for (const std::string& tensor : tensors) {
      record(graph, tensor).statistics = &statistics_.tensors.try_emplace(tensor, options.statistics).first->second;
    }
    for (const std::string& tensor : options.channel_means) {
      record(graph, tensor).channel_means = &statistics_.channel_means[tensor];
    }
  }

  std::vector<std::string> taps() const {
    std::vector<std::string> names;
    for (const Record& tap : taps_) names.push_back(tap.name);
    return names;
  }

  void observe_tap(std::size_t tap, const Tensor& value) { observe(taps_[tap], value); }

  void observe_inputs(std::span<const Tensor> inputs) {
    for (const auto& [index, input] : inputs_) observe(input, inputs[index]);
  }

  void end_batch(std::int64_t samples) { statistics_.samples += static_cast<std::uint64_t>(samples); }
  std::int64_t samples() const { return static_cast<std::int64_t>(statistics_.samples); }

  /// What was seen; tensors that were never float32, or always empty, are left out.
  Statistics take() {
    std::erase_if(statistics_.tensors, [](const auto& entry) { return entry.second.slices().empty(); });
    std::erase_if(statistics_.channel_means, [](const auto& entry) { return entry.second.sums().empty(); });
    return std::move(statistics_);
  }

 private:
  Record& record(const Graph& graph, const std::string& tensor) {
    const ValueId id = graph.find(tensor);
    if (id == kNoValue) fail(ErrorKind::invalid_option, "calibrate", "the model has no tensor '{}'", tensor);
    const auto input = std::find(graph.inputs.begin(), graph.inputs.end(), id);
    if (input != graph.inputs.end()) {
      const auto index = static_cast<std::size_t>(input - graph.inputs.begin());
      return inputs_.try_emplace(index, Record{.name = tensor}).first->second;
    }
    const auto known = std::find_if(taps_.begin(), taps_.end(), [&](const Record& r) { return r.name == tensor; });
    return known != taps_.end() ? *known : taps_.emplace_back(Record{.name = tensor});
  }

  void observe(const Record& record, const Tensor& value) {
    if (value.dtype() != DType::f32) return;
    try {
      if (record.statistics != nullptr) record.statistics->observe(value, record.name);
      if (record.channel_means != nullptr) record.channel_means->observe(value, record.name);
    } catch (const Error& e) {
      throw Error(e.kind(), fmt::format("tensor '{}'", e.where()),
                  fmt::format("sample {}: {}", samples(), e.message()));
    }
  }

  Statistics statistics_;
  std::map<std::size_t, Record> inputs_;  // by index into the batch
  std::vector<Record> taps_;
};

}  // namespace

std::vector<std::string> observable_values(const Graph& graph) {
  std::vector<std::string> names;
  const auto take = [&](ValueId id) {
    if (id != kNoValue && may_be_float32(graph.value(id))) names.push_back(graph.value(id).name);
  };
  for (const ValueId id : graph.inputs) take(id);
  std::set<ValueId> fixed;  // what is computed from constants alone: a weight cast or transposed is still a weight
  const auto is_fixed = [&](ValueId id) { return id == kNoValue || graph.is_constant(id) || fixed.contains(id); };
  for (const Node& node : graph.nodes) {
    if (!node.inputs.empty() && node.subgraphs().empty() && std::ranges::all_of(node.inputs, is_fixed)) {
      fixed.insert(node.outputs.begin(), node.outputs.end());
    } else {
      for (const ValueId id : node.outputs) take(id);
    }
  }
  return names;
}

Statistics calibrate(const Model& model, Dataset& data, std::span<const std::string> tensors,
                     const CalibrationOptions& options) {
  Recorder recorder(model.graph, tensors, options);
  Program program = Program::compile(model, {.taps = recorder.taps()});
  const Tap tap = [&](std::size_t index, const Tensor& value) { recorder.observe_tap(index, value); };
  while (const auto batch = data.next()) {
    check_interrupt();
    recorder.observe_inputs(batch->inputs);
    program.run(batch->inputs, tap);
    recorder.end_batch(batch->samples);
    if (options.on_progress) options.on_progress(recorder.samples(), data.size());
  }
  if (recorder.samples() == 0) fail(ErrorKind::invalid_data, "calibration data", "there is no sample");
  return recorder.take();
}

}  // namespace zeropoint
