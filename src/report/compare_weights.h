// The weights of two checkpoints side by side, whatever their formats: how far every tensor of the second is from the
// tensor of the same name in the first.
//
// Tensors are read one by one and forgotten: memory is that of the largest, twice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/progress.h"
#include "checkpoint/tensor_store.h"
#include "report/compare.h"

namespace zeropoint {

struct WeightError {
  std::string name;
  Shape shape;
  std::string stored;          // in the second: its encoding, or the name of its type
  double bits_per_weight = 0;  // there
  ErrorSums error;
};

struct WeightComparison {
  std::vector<WeightError> weights;     // in the first store's order
  std::vector<std::string> only_first;  // float tensors that the other does not have
  std::vector<std::string> only_second;
};

/// `on_progress` counts bytes of the second store. Throws invalid_model naming a tensor whose shapes differ,
/// invalid_data naming one with a NaN, and interrupted.
WeightComparison compare_weights(const TensorStore& first, const TensorStore& second,
                                 const OnProgress& on_progress = nullptr);

}  // namespace zeropoint
