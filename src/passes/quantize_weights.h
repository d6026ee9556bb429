// Puts quantized weight matrices into a model: products read codes instead of float weights.
//
// Two forms. DequantizeLinear before the product is ONNX's own: per channel, or in blocks along the inputs (opset 21).
// MatMulNBits of com.microsoft holds the codes in the order in which ONNX Runtime multiplies them; products that it
// cannot express (Conv, Gemm with transA or factors) get DequantizeLinear.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "graph/graph.h"
#include "passes/passes.h"
#include "weights/quantized_matrix.h"

namespace zeropoint {

enum class OnnxWeightForm { dequantize_linear, matmul_nbits };

/// By its name on the command line: onnx, onnx-dq or matmulnbits; nullopt for any other.
std::optional<OnnxWeightForm> find_onnx_weight_form(std::string_view format);

/// Throws invalid_option for schemes that the form cannot hold: columns grouped by act_order.
void check_onnx_weight_form(const MatrixScheme& scheme, OnnxWeightForm form);

/// The opset that DequantizeLinear of such a matrix needs: 21 for codes of less than 8 bits and for blocks.
std::int64_t dequantize_opset(const MatrixScheme& scheme);

/// `matrices` by the names of the weights, as find_weight_targets() gives them; the model is raised to the opset that
/// they need. New values are named after the weight: w_quantized, w_scale, w_zero_point, w_dequantized.
/// Throws as check_onnx_weight_form() and upgrade_opset() do.
PassReport insert_quantized_weights(Model& model, const std::map<std::string, QuantizedMatrix>& matrices,
                                    OnnxWeightForm form);

}  // namespace zeropoint
