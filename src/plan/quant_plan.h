// The plan: one row per tensor with its scheme, scale and zero point and the reason for them.
// Everything that decides writes here; everything that acts reads here. As a file it is JSON that a
// user may edit and apply again (`quantize --plan`).
#pragma once

#include <string>
#include <vector>

#include "observers/observer.h"
#include "zeropoint/quant.h"

namespace zeropoint {

enum class TensorRole { weight, activation, bias };

struct PlanTensor {
  std::string name;
  TensorRole role = TensorRole::activation;
  TensorQParams qparams;
  std::vector<Range> ranges;   // one per grid: what the scale was computed from (empty for bias)
  std::string method;          // observer or rule: "minmax", "fixed softmax range", "shared with X", "scale of A times scale of B"
  std::string reason;          // one sentence with the numbers
  double clipping_error = 0;   // mean squared, per element
  double rounding_error = 0;
  int candidates = 1;
};

struct PlanNode {
  std::string name;  // the node's label
  std::string op_type;
  bool is_quantized = false;
  std::string reason;  // why it stayed float; empty when quantized
};

struct QuantPlan {
  std::string format = "qdq";  // or qoperator
  std::vector<PlanTensor> tensors;
  std::vector<PlanNode> nodes;

  const PlanTensor* find(const std::string& tensor) const;  ///< nullptr when the tensor stays float
  std::string to_json() const;
  static QuantPlan from_json(const std::string& text, const std::string& file);  ///< hostile bytes
};

}  // namespace zeropoint
