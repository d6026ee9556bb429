// Rewrites DequantizeLinear - operator - QuantizeLinear into operators on codes.
//
// Standard operators are used where ONNX has them: QLinearConv, QLinearMatMul, MatMulInteger (for
// a product whose result stays float) and the operators that move values, which take codes as they
// are. For Gemm, Add, Mul, Sigmoid, LeakyRelu and average pools ONNX has no form on codes; the
// com.microsoft operators of ONNX Runtime are used. Relu and Clip between a product and its
// quantization become the end of the grid, or a Clip of codes. What fits no form keeps its Q/DQ.
#pragma once

#include <map>
#include <string>

#include "graph/graph.h"

namespace zeropoint {

/// Returns how many nodes of each new operator type were made. Imports com.microsoft when it is used.
/// Throws unsupported when an activation has more than 8 bits.
std::map<std::string, int> qdq_to_qoperator(Model& model);

}  // namespace zeropoint
