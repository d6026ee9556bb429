// What an operator is: a row in a table that can infer its outputs and make a kernel.
//
// ops.inc lists the operator files; each file defines one function that returns its rows. A plan
// is made for concrete input shapes: infer() runs once per plan, make() once per plan, run() once
// per inference. All validation happens in infer() and make(); run() only computes.
//
// Values known early: a node whose inputs are all constant is run while the plan is made; infer()
// may also set `constant` on its outputs when shapes alone decide them (Shape, Size).
// Shapes known late: when infer() needs the content of an input that is not constant yet (the
// target of a Reshape), it returns the output with is_dynamic set. When run() reaches such a node,
// infer() is called again with real shapes and with `constant` set on every input of rank 0 or 1.
// An output that is dynamic even then (NonZero) is allocated and set by the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fail.h"
#include "graph/graph.h"
#include "ops/subgraph.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

/// How the elements of an activation [N, C, spatial...] lie in memory. The shape in ValueFacts stays [N, C,
/// spatial...]; the tensor that a kernel gets has the shape of its memory, [N, spatial..., C].
enum class Layout : std::uint8_t { plain, channels_last };

/// What is known about a value while a plan is made.
struct ValueFacts {
  DType dtype = DType::undefined;  // undefined: the optional input is absent
  Shape shape;
  bool is_dynamic = false;  // the shape depends on data and is known only at run time
  Layout layout = Layout::plain;
  Tensor constant;  // the value itself when it is known at plan time

  explicit operator bool() const { return dtype != DType::undefined; }
};

/// One node at one place in one plan.
struct OpSite {
  const Node& node;
  std::int64_t opset;                  // of the node's domain
  std::span<const ValueFacts> inputs;  // as many as node.inputs
  PlanServices* services = nullptr;

  bool has(std::size_t i) const { return i < inputs.size() && inputs[i]; }
  const ValueFacts& input(std::size_t i) const;  ///< throws invalid_model when absent
  const Tensor& constant(std::size_t i,
                         std::string_view role) const;  ///< throws unsupported when not known at plan time
  std::shared_ptr<Subgraph> subgraph(std::string_view attribute) const;

  /// What can be made from a constant once and serve every plan of the program (packed weights); see PlanServices.
  Tensor shared(const Tensor& source, const std::string& variant, const std::function<Tensor()>& make_once) const;

  template <class... Args>
  [[noreturn]] void invalid(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(ErrorKind::invalid_model, node.label, fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  [[noreturn]] void unsupported(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(ErrorKind::unsupported, node.label, fmt::format(format, std::forward<Args>(args)...));
  }
};

/// The tensors of one run. Outputs with a planned shape come allocated; a dynamic one is set by the kernel.
struct KernelIo {
  std::span<const Tensor* const> inputs;  // nullptr: absent
  std::span<Tensor> outputs;
  std::byte* scratch;                            // Kernel::scratch_bytes() bytes, 64-byte aligned
  std::span<const Tensor* const> captures = {};  // what the node's subgraphs read from outside

  const Tensor& in(std::size_t i) const { return *inputs[i]; }
  bool has(std::size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
  Tensor& out(std::size_t i) const { return outputs[i]; }
};

/// An operator with everything decided. run() may be called again and again, by one thread at a time.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void run(const KernelIo& io) = 0;
  virtual std::size_t scratch_bytes() const { return 0; }
};

/// The simplest kernel: a function with its decisions captured.
std::unique_ptr<Kernel> make_kernel(std::function<void(const KernelIo&)> body);

/// The domain of operators that ONNX has no word for; models name it, at opset 1.
inline constexpr std::string_view kOwnDomain = "zeropoint";

/// The domain of operators that the executor makes by joining others; no model can name it.
inline constexpr std::string_view kFusedDomain = "zeropoint.fused";

struct OpSpec {
  std::string_view op_type;
  std::string_view domain = "";
  int since = 1;    // first opset that this row understands
  int until = 999;  // last one

  /// Types and shapes of the outputs. Set is_dynamic where the shape depends on data.
  std::vector<ValueFacts> (*infer)(const OpSite& site) = nullptr;
  std::unique_ptr<Kernel> (*make)(const OpSite& site) = nullptr;

  int in_place = -1;          // output 0 may overwrite this input (same bytes, elementwise); -1: never
  bool is_view = false;       // output 0 is input 0 with another shape: nothing is computed; make() may be null
  bool keeps_layout = false;  // elementwise with broadcast, no axes: the plan may permute all shapes alike
  bool keeps_layout_of_first = false;  // the same where all inputs but the first are scalars or have the shape [1]
  bool has_axis = false;  // the attribute axis is all that refers to axes: the plan may permute shapes and axis
  int default_axis = 0;   // has_axis: when the attribute is absent
  bool takes_either_layout = false;        // input 0 comes in the layout that it has; infer() says that of the outputs
  std::uint32_t channels_last_inputs = 0;  // bit i: input i comes in that layout; infer() says what the outputs have
  std::string_view float_types = "float32";  // for `zeropoint ops`
  std::string_view integer_types = "";       // quantized arithmetic offered, for `zeropoint ops`
};

/// Every row of every file in ops.inc.
std::span<const OpSpec> all_ops();

/// The row for an operator at an opset version; nullptr when it is not offered.
const OpSpec* find_op(std::string_view domain, std::string_view op_type, std::int64_t opset);

}  // namespace zeropoint
