// A compiled model: validated, shapes resolved, memory planned, kernels chosen.
//
// compile() checks everything that can be checked without data. The first run() with a new set of
// input shapes makes a plan (kernels, buffers reused by lifetime) and caches it; further runs with
// those shapes only compute. A tap hands each named value to a callback as soon as it is computed
// and then forgets it: that is how calibration stays small.
// Thread safety: one run() at a time per Program; kernels are parallel inside.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

struct CompileOptions {
  std::vector<std::string> taps;  // values (by name) that run() reports; they are neither fused away nor overwritten
  bool fuse = true;               // Conv + BatchNormalization + Relu + Add and the like, where no tap is in between
  bool profile = false;           // run() measures each step; see Program::step_times()
};

/// Called with the index into CompileOptions::taps and the value in plain layout. The tensor is valid during the call.
using Tap = std::function<void(std::size_t tap, const Tensor& value)>;

struct ProgramValue {
  std::string name;
  DType dtype;
  std::vector<Dim> shape;
  std::int64_t count = -1;  // of an integer input: its elements are in [0, count); -1: any
};

/// What the graph says of its inputs, without compiling it.
std::vector<ProgramValue> declared_inputs(const Graph& graph);

/// What a profile says about one step of the plan used last.
struct StepTime {
  std::string node;     // its label; of a conversion between layouts: "layout"
  std::string op_type;  // with the domain in front unless it is ai.onnx
  std::int64_t runs = 0;
  double seconds = 0;  // all runs together
};

class Program {
 public:
  /// Throws invalid_model or unsupported naming the node. The model's constants are shared, not copied.
  static Program compile(const Model& model, const CompileOptions& options = {});

  /// The same for a graph alone. Values of enclosing graphs that it reads become further inputs.
  static Program compile(const Graph& graph, const std::map<std::string, std::int64_t>& opsets,
                         const CompileOptions& options = {});

  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  std::span<const ProgramValue> inputs() const;
  std::span<const ProgramValue> outputs() const;

  /// One tensor per input, in order; one per output back. Outputs are owned by the caller.
  /// Throws invalid_data when a tensor does not fit the declared type, shape or range, and interrupted.
  std::vector<Tensor> run(std::span<const Tensor> inputs, const Tap& tap = nullptr);

  /// Bytes of the arena of the plan used last (activations only, weights not counted).
  std::size_t arena_bytes() const;

  /// Empty unless CompileOptions::profile.
  std::vector<StepTime> step_times() const;

 private:
  Program();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zeropoint
