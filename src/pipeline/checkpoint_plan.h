// Which tensors of a checkpoint are quantized and how, and what the output will hold: all of it known from headers.
#pragma once

#include <string>
#include <vector>

#include "architectures/architecture.h"
#include "formats/format.h"
#include "methods/method.h"
#include "zeropoint/checkpoint.h"

namespace zeropoint {

struct PlannedTensor {
  const StoredTensor* tensor = nullptr;
  bool is_quantized = false;
  WeightForm form;              // of a quantized one
  std::string note;             // why it is not as asked for; empty where it is
  bool must_be_finite = false;  // the model reads it
};

struct CheckpointPlan {
  std::vector<PlannedTensor> tensors;  // in the order of the store
  ModelForm model;                     // the quantized ones, and the linear layers that stay float

  std::vector<TensorSpec> outputs(const Format& format) const;  ///< what the files will hold
};

/// Throws unsupported for an unknown architecture without --include, invalid_option for a pattern that matches nothing
/// and when the format holds no weight as asked for.
CheckpointPlan plan_checkpoint(const Checkpoint& checkpoint, const Method& method, const Format& format,
                               const CheckpointJob& job);

}  // namespace zeropoint
