// A matrix of a model before its numbers are known: what a file has to make room for.
#pragma once

#include <cstdint>
#include <string>

#include "weights/weight.h"

namespace zeropoint {

struct WeightForm {
  std::string name;          // of the float weight: "model.layers.0.self_attn.q_proj.weight"
  std::int64_t rows = 0;     // outputs
  std::int64_t columns = 0;  // inputs
  WeightScheme scheme;
  DType stored = DType::f32;  // type of the float weight
  bool is_in_out = false;     // the model wants it [columns, rows]
};

}  // namespace zeropoint
