// Applies a plan: QuantizeLinear and DequantizeLinear around the quantized nodes, codes instead of
// float weights.
//
// The result still means the float graph, rounded: every node keeps its operator and reads
// dequantized values, so that any ONNX runtime can run it and one that knows integer kernels can
// fuse each group. A quantized node reads its inputs through DequantizeLinear; all readers of its
// result do too, so that it may be computed as codes only. The result of a float node is rounded
// for quantized readers alone.
#pragma once

#include "graph/graph.h"
#include "zeropoint/plan.h"

namespace zeropoint {

/// The lowest opset that has the Q/DQ forms which the plan needs: 10, 13 (per axis) or 21 (16 and 4 bits, blocked).
std::int64_t qdq_opset(const QuantPlan& plan);

/// New values are named after the tensor: x_scale, x_zero_point, x_quantized, x_dequantized.
/// Throws invalid_data when the plan names a node or tensor that the graph does not have, or when
/// scales do not fit a tensor's shape.
void insert_qdq(Graph& graph, const QuantPlan& plan);

}  // namespace zeropoint
