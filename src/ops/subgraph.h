// A graph inside a node (If, Loop, Scan, SequenceMap) made ready to run, and the way to get one.
//
// An operator asks OpSite::subgraph("then_branch") in make() and calls run() from its kernel. The
// executor finds the values that the graph reads from enclosing graphs and passes them along in
// KernelIo::captures, so the operator never sees them.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/tensor.h"

namespace zeropoint {

struct KernelIo;
struct Node;

class Subgraph {
 public:
  virtual ~Subgraph() = default;

  /// One tensor per formal input of the graph; one per output back. `io` is the one that the kernel was called with.
  /// Throws invalid_model when an input does not fit the declared type or shape.
  virtual std::vector<Tensor> run(std::span<const Tensor> inputs, const KernelIo& io) = 0;

  virtual std::size_t input_count() const = 0;
  virtual std::size_t output_count() const = 0;
  virtual DType output_dtype(std::size_t output) const = 0;  ///< as declared; undefined when it is not
};

/// What a plan offers to the operators while they are made. Implemented by the executor.
class PlanServices {
 public:
  virtual ~PlanServices() = default;

  /// The graph in `node`'s attribute. Throws invalid_model when the attribute is missing or no graph.
  virtual std::shared_ptr<Subgraph> subgraph(const Node& node, std::string_view attribute) = 0;

  /// What was made from `source` under the name `variant`; the first call makes it.
  virtual Tensor shared(const Tensor& source, const std::string& variant, const std::function<Tensor()>& make_once) = 0;
};

}  // namespace zeropoint
