// Language models' checkpoints: a folder of float weights in, a folder that the ecosystem loads out.
//
//   quantize_checkpoint("llama/", "llama-int4/", {.method = "absmax", .format = "compressed-tensors",
//                                                 .options = {.bits = 4, .block_size = 128}});
//   convert_checkpoint("llama-int4/", "llama-gptq/", {.format = "gptq"});
//
// Weights are streamed: memory is a small multiple of the largest tensor, not the model. The output appears whole or
// not at all, and the input is never touched. Functions throw zeropoint::Error (error.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/zeropoint.h"

namespace zeropoint {

/// What a method may be told. Options that a method does not have are refused.
struct MethodOptions {
  int bits = 0;                      // 8, 4, 3 or 2; 0: the method's own default
  std::int64_t block_size = 0;       // inputs that share a grid; 0: a grid per output (nf4: 64 weights)
  bool per_tensor = false;           // one grid for a whole matrix
  bool full_range = false;           // symmetric: use the lowest code too, scale = 2 absmax / (2^bits - 1)
  bool affine = false;               // gptq: with zero points
  bool act_order = false;            // gptq: columns by falling activation
  bool static_groups = false;        // gptq, act-order: grids as without it
  bool clip_search = false;          // choose ranges by squared error
  bool double_quantization = false;  // nf4: factors as 8-bit codes
  std::optional<double> damping;     // gptq: share of the mean diagonal; 0.01 unless given
};

/// What the work will take, known before it starts.
struct Preflight {
  std::size_t weights = 0;  // matrices that will be quantized
  std::uint64_t input_bytes = 0;
  std::uint64_t output_bytes = 0;
  std::uint64_t journal_bytes = 0;     // gptq: finished weights, beside the output until it is complete
  std::uint64_t peak_memory = 0;       // bytes; pages of the input that the system can take back are not counted
  std::uint64_t available_memory = 0;  // bytes; 0: not known
  std::uint64_t free_disk = 0;         // bytes, where the output goes
  double seconds = 0;                  // an estimate from some of the work
};

struct CheckpointJob {
  std::string method = "absmax";
  std::string format;  // empty: the method's own
  MethodOptions options;
  DataSource data;                   // token ids, for methods that need the model's activations
  std::vector<std::string> include;  // globs on names of weights; empty: all linear layers
  std::vector<std::string> exclude;
  std::uint64_t max_shard_bytes = 5'000'000'000;
  bool force = false;   // go on where the preflight says no, and replace an output folder
  OnProgress progress;  // in MB of weights
  std::function<void(const Preflight&)> on_preflight;
  std::function<void(const std::string& warning)> on_warning;  // before long work; without it, in the report
};

struct WeightReport {
  std::string name;
  std::string encoding;  // "int4 symmetric block 32"; "float32" where it stays
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  double sqnr_db = 0;  // infinite where nothing is lost
  double bits_per_weight = 0;
  double loss = 0;              // gptq: squared error of the layer's outputs, trace(E H E^T)
  double rounding_loss = 0;     // gptq: the same of plain rounding
  double damping = 0;           // gptq: share of the Hessian's mean diagonal that was added to it
  std::int64_t input_rows = 0;  // gptq: rows that the Hessian summed
  std::string note;             // why it is not as asked for
};

struct CheckpointReport {
  std::string method;
  std::string format;
  std::vector<WeightReport> weights;  // quantized ones, and those that could not be
  std::vector<std::string> warnings;
  Preflight preflight;
  std::uint64_t output_bytes = 0;
  double bits_per_weight = 0;  // over all quantized weights
  std::int64_t resumed = 0;    // gptq: weights that an interrupted run had finished
};

/// Quantizes the linear layers of a checkpoint: a folder with config.json, a .safetensors or a .gguf file. Throws
/// invalid_model and unsupported for a checkpoint that cannot be read; invalid_data naming the weight and the index of
/// a value that is not finite; invalid_option for options that do not exist or do not fit the method or the format, and
/// for an output that may not be replaced; io, also where the preflight finds too little memory or disk; interrupted.
CheckpointReport quantize_checkpoint(const std::filesystem::path& input, const std::filesystem::path& output,
                                     const CheckpointJob& job);

struct ConvertJob {
  std::string format;  // of quantize_checkpoint(); or onnx, matmulnbits or gguf: then the output is one file
  std::uint64_t max_shard_bytes = 5'000'000'000;
  std::filesystem::path tokenizer;  // gguf: empty is the checkpoint's own, "none" no vocabulary
  bool force = false;               // as in CheckpointJob
  OnProgress progress;              // in MB of weights
  std::function<void(const Preflight&)> on_preflight;
};

/// Carries codes, scales and zero points to another format, unchanged. Where the other holds codes in linear layers
/// only, tables are written as the floats that they stand for. Throws invalid_data naming the weight that the other
/// format cannot hold exactly, and what quantize_checkpoint() throws; then nothing is written.
CheckpointReport convert_checkpoint(const std::filesystem::path& input, const std::filesystem::path& output,
                                    const ConvertJob& job);

}  // namespace zeropoint
