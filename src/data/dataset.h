// Calibration and evaluation data: an ordered list of samples that are read one at a time, so that
// memory does not grow with their number.
//
// What a path may be, and which array feeds which model input, is described in docs/cli.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "executor/program.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

struct DataOptions {
  std::string preprocess;  // preset name or key=value list; empty: as stored
  std::string labels;      // an .npy file of integers; empty: the labels that the data carries
  std::int64_t limit = 0;  // samples; 0: all
  std::int64_t batch = 1;  // samples per run where the model's first dimension allows it; 0: arrays as they are
  std::uint64_t seed = 0;  // of "random"
};

/// One batch: a tensor per model input, in the model's order and type, plus what is known of each sample in it.
struct Batch {
  std::vector<Tensor> inputs;
  std::vector<std::int64_t> labels;  // empty when the data has none
  std::int64_t samples = 0;
};

class Dataset {
 public:
  virtual ~Dataset() = default;

  /// Opens npy, npz, pb, an image, a CSV of files, a folder of these, a folder per class, or "random".
  /// `inputs` are the model's. Throws invalid_data naming the file that is missing or mis-shaped, with
  /// the shape that is wanted and the one found.
  static std::unique_ptr<Dataset> open(const std::string& path, std::span<const ProgramValue> inputs,
                                       const DataOptions& options = {});

  virtual std::int64_t size() const = 0;  ///< samples
  virtual bool has_labels() const = 0;

  /// The next batch; nullopt at the end. Decodes several samples ahead on all threads.
  virtual std::optional<Batch> next() = 0;

  /// Starts over: the same batches again.
  virtual void rewind() = 0;

  /// What the user should know, one sentence each: random data, samples left out.
  virtual std::vector<std::string> warnings() const { return {}; }
};

}  // namespace zeropoint
