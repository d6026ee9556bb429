// The block formats that are offered, for tests of each.
#pragma once

#include <vector>

#include "kernels/ggml/ggml.h"

namespace zeropoint::testing {

/// In the order of their numbers.
inline std::vector<kernels::GgmlType> ggml_types() {
  constexpr std::uint32_t kNumbers = 64;  // GGUF has given out fewer
  std::vector<kernels::GgmlType> types;
  for (std::uint32_t number = 0; number < kNumbers; ++number) {
    if (const auto type = kernels::ggml_type(number)) types.push_back(*type);
  }
  return types;
}

}  // namespace zeropoint::testing
