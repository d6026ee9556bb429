// What GPTQ of a language model will take, from the sizes of its weights and the rows of calibration, before it starts.
#pragma once

#include <cstdint>
#include <vector>

#include "methods/gptq_model.h"

namespace zeropoint {

struct GptqCost {
  std::uint64_t memory = 0;         // bytes at the worst layer, beside the program and what the model's graph holds
  std::uint64_t journal_bytes = 0;  // of finished weights
  double multiply_adds = 0;         // of products, Hessians and factors
  double grid_weights = 0;          // that grids are searched for
};

/// `samples` are those of gptq_model(), at least one. Computes nothing for a model that reads tokens only.
GptqCost gptq_cost(const Model& model, const std::vector<std::vector<Tensor>>& samples,
                   const GptqModelOptions& options);

/// An estimate from timing both kinds of work for some milliseconds, the searches on rows of the first weight. Throws
/// invalid_data when these are not finite.
double gptq_seconds(const GptqCost& cost, const Model& model, const GptqModelOptions& options);

}  // namespace zeropoint
