// Calibration and evaluation data: an ordered list of samples that are read one at a time, so that
// memory does not grow with their number.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "executor/program.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

struct DataOptions {
  std::string preprocess;       // preset name or key=value list; empty: as stored
  std::int64_t limit = 0;       // 0: all samples
  std::int64_t batch = 1;       // samples per run where the model's first dimension allows it
  std::uint64_t seed = 0;       // --data random
};

/// One batch: a tensor per model input, in the model's order, plus what is known of each sample in it.
struct Batch {
  std::vector<Tensor> inputs;
  std::vector<std::int64_t> labels;  // empty when the data has none
  std::int64_t samples = 0;
};

class Dataset {
 public:
  virtual ~Dataset() = default;

  /// Opens npy, npz, a folder of npy or pb, a CSV of images, a folder per class, or "random".
  /// `inputs` are the model's. Throws invalid_data naming the file that is missing or mis-shaped.
  static std::unique_ptr<Dataset> open(const std::string& path, std::span<const ProgramValue> inputs,
                                       const DataOptions& options);

  virtual std::int64_t size() const = 0;  ///< samples
  virtual bool has_labels() const = 0;

  /// The next batch; nullopt at the end. May decode ahead on other threads.
  virtual std::optional<Batch> next() = 0;
};

}  // namespace zeropoint
