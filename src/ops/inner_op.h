// One operator at work inside another: MatMulInteger inside DynamicQuantizeMatMul, say. It is made from
// facts like a node of the graph.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ops/op.h"

namespace zeropoint {

class InnerOp {
 public:
  using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

  /// The operator of the ai.onnx domain as of its newest version, for inputs with these facts (shapes known). Errors
  /// carry the outer node's label.
  InnerOp(const OpSite& outer, std::string op_type, std::vector<ValueFacts> inputs, const Attributes& attributes = {});

  const ValueFacts& facts() const { return facts_; }  ///< of output 0
  Shape output_shape() const;                         ///< of its memory: [N, spatial..., C] when it is channels_last

  /// Output 0; valid until the next run. nullptr: an absent input.
  const Tensor& run(std::span<const Tensor* const> inputs);

  /// The same into a tensor of the caller, which has the type of facts() and output_shape().
  void run_into(std::span<const Tensor* const> inputs, Tensor& output);

 private:
  std::unique_ptr<Kernel> kernel_;
  ValueFacts facts_;
  Tensor output_;
  Tensor scratch_;
};

}  // namespace zeropoint
