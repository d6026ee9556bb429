// The plan: one row per tensor with its scheme, scale and zero point and the reason for them, one
// row per node that says whether it is quantized and, if not, why.
//
// Everything that decides writes here; everything that acts reads here. As a file it is JSON that a
// user may edit and apply again (`quantize --plan`). Applying needs only the qparams and the nodes;
// ranges, methods and errors are there for the reader.
#pragma once

#include <string>
#include <vector>

#include "zeropoint/quant.h"

namespace zeropoint {

enum class TensorRole { weight, activation, bias };

struct PlanTensor {
  std::string name;
  TensorRole role = TensorRole::activation;
  TensorQParams qparams;
  std::vector<Range> ranges;  // one per grid: what the scale was computed from (empty for bias and fixed grids)
  Tensor correction;          // bias: float32, added to the real values before they are rounded; absent: nothing
  std::string method;         // observer or rule: "minmax", "fixed", "shared", "absmax", "product of scales"
  std::string reason;         // one sentence with the numbers
  double clipping_error = 0;  // mean squared, per element
  double rounding_error = 0;
  int candidates = 1;  // ranges that were compared
};

struct PlanNode {
  std::string name;  // node_name() of the prepared graph
  std::string op_type;
  bool is_quantized = false;
  std::string reason;  // why it stayed float; empty when quantized
};

struct QuantPlan {
  std::string format = "qdq";  // or qoperator
  std::string observer;        // the rule behind the ranges and, where several were tried, what each gave
  bool quantize_outputs =
      false;  // graph outputs are rounded to their grid too; otherwise they are what the last node computes
  std::vector<PlanTensor> tensors;
  std::vector<PlanNode> nodes;

  const PlanTensor* find(const std::string& tensor) const;  ///< nullptr when the tensor stays float
  std::string to_json() const;

  /// Throws invalid_data naming `file` and the row when the text is not a plan: hostile bytes are fine.
  static QuantPlan from_json(const std::string& text, const std::string& file);
};

}  // namespace zeropoint
