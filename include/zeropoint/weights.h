// ONNX models with quantized weights: products read codes, activations stay float.
//
//   quantize_weights("m.onnx", "m-int4.onnx", {.options = {.bits = 4, .block_size = 32}, .data = {.path = "x.npz"}});
//
// Functions throw zeropoint::Error (error.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "zeropoint/checkpoint.h"
#include "zeropoint/zeropoint.h"

namespace zeropoint {

struct WeightsJob {
  std::string method = "gptq";       // gptq, absmax or zero-point
  std::string format = "onnx-dq";    // DequantizeLinear before the products; or "matmulnbits" (com.microsoft)
  MethodOptions options;             // bits: 4 unless given; the method's own of a checkpoint
  DataSource data;                   // gptq: calibration data. Others: samples for the comparison, or none
  std::vector<std::string> include;  // globs on node names and operator types; empty: all products
  std::vector<std::string> exclude;
  bool keep_first = false;  // first and last matrix products stay float
  bool keep_last = false;
  bool force = false;   // gptq: start over where "<output>.journal" holds another run, which is an error otherwise
  OnProgress progress;  // gptq: a sample through a layer, or a weight
  std::function<void(const std::string& warning)> on_warning;  // before long work; without it, in the report
};

/// What became of one weight. From `loss` on: gptq only.
struct LayerReport {
  std::string weight;
  std::string node;          // the product that reads it
  std::int64_t rows = 0;     // outputs
  std::int64_t columns = 0;  // inputs
  double loss = 0;           // squared error of the outputs: mean over calibration rows, times 2, summed over outputs
  double rounding_loss = 0;  // the same for round to nearest
  double damping = 0;        // that was needed, in means of the Hessian's diagonal
  std::int64_t rounded_rows = 0;  // outputs that stayed rounded, because that was better
  std::int64_t dead_columns = 0;  // inputs that were always 0
  std::int64_t input_rows = 0;    // calibration rows seen
};

struct WeightsReport {
  std::vector<LayerReport> weights;
  std::vector<std::pair<std::string, std::string>> float_nodes;  // products that stay float, and why
  std::vector<std::string> warnings;
  int bits = 0;
  std::int64_t resumed = 0;  // weights that an interrupted run had finished
  std::int64_t calibration_samples = 0;
  std::vector<OutputError> outputs;
  std::uintmax_t input_bytes = 0;
  std::uintmax_t output_bytes = 0;
};

/// Quantizes the weights of an ONNX model's products and writes it; then reads the file back, runs it and compares it
/// with the float model. Only then does `output` appear. An interrupted gptq run leaves "<output>.journal", from which
/// the same call goes on. Throws what Network::load() and open_data() throw, invalid_option for options that do not fit
/// the method and where no weight is left to quantize, invalid_data naming a weight that is not finite, and
/// interrupted.
WeightsReport quantize_weights(const std::filesystem::path& input, const std::filesystem::path& output,
                               const WeightsJob& job);

}  // namespace zeropoint
