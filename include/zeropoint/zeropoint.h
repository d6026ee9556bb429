// Start here: a float ONNX model and calibration data in, a verified int8 model out.
//
//   using namespace zeropoint;
//   const Network network = Network::load("squeezenet1.1.onnx");
//   const Calibration seen = calibrate(network, open_data(network, "photos.csv", {.preprocess = "imagenet"}));
//   const PlanResult chosen = make_plan(network, seen, {.observer = "mse"});
//   const Network int8 = apply_plan(network, chosen.plan);
//   int8.save("squeezenet1.1.int8.onnx");
//
// or all of it, with the written file read back, run and compared before it appears:
//
//   quantize_model("squeezenet1.1.onnx", "squeezenet1.1.int8.onnx", {.data = {.path = "photos.csv", .preprocess =
//   "imagenet"}});
//
// A Network is a handle; copies share the model. Functions take it by const reference, return new
// values, and throw zeropoint::Error (error.h). tensor.h has the arrays, quant.h the arithmetic of
// scales and zero points, plan.h what was decided for every tensor and why.
// Thread safety: one call at a time per Network; different Networks are independent. Work inside a
// call is spread over set_num_threads() threads, and the result does not depend on how many.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "zeropoint/dtype.h"
#include "zeropoint/error.h"
#include "zeropoint/plan.h"
#include "zeropoint/quant.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

/// Threads that every following call uses; 0 means all cores the process may run on.
void set_num_threads(int threads);

/// Called now and then with the samples done so far and in total (0: not known).
using OnProgress = std::function<void(std::int64_t done, std::int64_t total)>;

// ---- networks

struct TensorInfo {
  std::string name;
  DType dtype = DType::undefined;
  Shape shape;  // -1 where the size is free

  bool operator==(const TensorInfo&) const = default;
};

class Network {
 public:
  /// Reads and validates an ONNX model, or a language model's checkpoint: a folder with config.json, a .safetensors or
  /// a .gguf file. Weights stay views into the mapped file where they are not encoded. Throws io, invalid_model and
  /// unsupported, naming the file and the node or tensor.
  static Network load(const std::filesystem::path& path);

  std::vector<TensorInfo> inputs() const;
  std::vector<TensorInfo> outputs() const;

  /// One tensor per input, in order; one per output back. Compiles on the first call. Throws invalid_data for a tensor
  /// that the input does not declare, invalid_model and unsupported naming a node that cannot run.
  std::vector<Tensor> run(std::span<const Tensor> inputs) const;

  /// Writes an ONNX file that appears whole or not at all. Throws io.
  void save(const std::filesystem::path& path) const;

  struct Impl;
  explicit Network(std::shared_ptr<Impl> impl);
  Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<Impl> impl_;
};

// ---- calibration: what the activations look like on real data

/// One batch, a tensor per network input; nullopt at the end.
using NextBatch = std::function<std::optional<std::vector<Tensor>>()>;

struct DataSource {
  std::string path;        // npy, npz, a folder of npy or pb, a CSV of images, a folder per class, or "random"
  std::string preprocess;  // preset or key=value list; empty: as stored
  std::int64_t limit = 0;  // samples; 0: all
  std::int64_t batch = 1;  // samples per run where the network's first dimension is free
};

/// Throws io, invalid_data and invalid_option, naming the file or the option; a sample that cannot be read throws when
/// its batch is asked for.
NextBatch open_data(const Network& network, const DataSource& source);

/// Statistics of every activation that quantization may want: mergeable, and enough to choose again
/// with another observer without running the network again.
class Calibration {
 public:
  /// The JSON file of save() or of `zeropoint calibrate`. Throws io, invalid_data and unsupported, naming the file.
  static Calibration load(const std::filesystem::path& path);
  void save(const std::filesystem::path& path) const;  ///< Whole or not at all. Throws io.

  /// As if both had been observed in one run. Throws invalid_data where a tensor was observed with other settings.
  void merge(const Calibration& other);
  std::uint64_t samples() const;

  struct Impl;
  explicit Calibration(std::shared_ptr<Impl> impl);
  const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<Impl> impl_;
};

// ---- the plan: which tensors get which grid

struct PlanOptions {
  std::string format = "qdq";     // or "qoperator"
  DType activations = DType::u8;  // u8, i8, u16 or i16
  DType weights = DType::i8;      // i8 or u8; always symmetric
  bool symmetric_activations = false;
  bool correct_biases = true;        // take back the mean error of the rounded weights
  bool per_tensor = false;           // one scale per weight instead of one per output channel
  std::string observer = "auto";     // rule that turns statistics into a range; auto: the better of mse and minmax
  double percentile = 99.99;         // percent of values inside the range; observer percentile
  double n_std = 3;                  // standard deviations around the mean; observer n_std
  std::vector<std::string> include;  // globs on node names and operator types; empty: all nodes
  std::vector<std::string> exclude;
  bool keep_first = false;  // first and last matrix products stay float
  bool keep_last = false;
  bool quantize_outputs = false;  // round the graph outputs too
};

/// Runs the network over the data, once. `options` say which tensors matter; the observer may change later. Throws what
/// Network::run() and `next` throw, invalid_option for options that make no sense, and invalid_data without samples.
Calibration calibrate(const Network& network, const NextBatch& next, const PlanOptions& options = {},
                      const OnProgress& progress = nullptr);

struct PlanResult {
  QuantPlan plan;
  std::vector<std::string> warnings;
};

/// Observer "auto" makes a plan with each of its candidates, runs the quantized network on `samples`
/// (batches as for calibration; a handful is enough) and keeps the plan whose outputs are nearest to
/// the float network's. Without samples it takes mse. Throws invalid_option for options that make no sense or match
/// nothing, invalid_data where `seen` lacks a tensor or what the observer needs.
PlanResult make_plan(const Network& network, const Calibration& seen, const PlanOptions& options = {},
                     std::span<const std::vector<Tensor>> samples = {});

/// The quantized network. Throws invalid_data when the plan was made for another network.
Network apply_plan(const Network& network, const QuantPlan& plan);

// ---- everything at once

/// How one output of the quantized network differs from the float network's.
struct OutputError {
  std::string name;
  bool is_real = true;  // of a float type; integers are only compared for equality
  double sqnr_db = 0;   // 10 log10(sum x^2 / sum (x - x')^2); infinite when equal
  double max_abs_error = 0;
  double agreement = 1;  // share of equal elements; for integer outputs
};

struct QuantizeJob {
  DataSource data;                   // calibration data; may be empty with statistics or a plan
  std::filesystem::path statistics;  // use these instead of calibrating
  std::filesystem::path plan;        // apply this one instead of choosing
  std::filesystem::path save_plan;   // write the plan that was applied
  PlanOptions options;
  OnProgress progress;
};

struct QuantizeReport {
  QuantPlan plan;
  std::vector<std::string> warnings;
  std::uint64_t calibration_samples = 0;
  std::int64_t verification_samples = 0;
  std::vector<OutputError> outputs;
  std::uintmax_t input_bytes = 0;
  std::uintmax_t output_bytes = 0;
};

/// Loads, calibrates, chooses, applies and writes; then reads the file back, runs it and compares it
/// with the float model. Only then does `output` appear. Throws what the functions above throw, and leaves no file
/// then.
QuantizeReport quantize_model(const std::filesystem::path& input, const std::filesystem::path& output,
                              const QuantizeJob& job);

}  // namespace zeropoint
