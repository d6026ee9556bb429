// Which elements a reduction brings together, as loops over a dense tensor.
//
// Neighbouring dimensions that are both kept or both reduced merge. What remains is: kept loops that
// enumerate the outputs, offsets of the outer reduced loops, and one inner reduced loop. When the
// innermost dimension is reduced the inner loop is contiguous; when it is kept, the inner loop strides
// over rows of `columns` outputs, which can be reduced together.
#pragma once

#include <cstdint>
#include <vector>

#include "zeropoint/tensor.h"

namespace zeropoint {

struct ReducePlan {
  struct Loop {
    std::int64_t size;
    std::int64_t stride;  // elements
  };

  std::vector<Loop> kept;             // outermost first
  std::vector<std::int64_t> offsets;  // of every step of the outer reduced loops, in order
  Loop inner{1, 1};
  std::int64_t columns = 1;  // size of the innermost kept dimension when it lies inside `inner`
  std::int64_t outputs = 1;
  std::int64_t inputs_per_output = 1;

  /// First input element of an output.
  std::int64_t start_of(std::int64_t output) const;
};

/// `is_reduced` has one flag per dimension.
ReducePlan plan_reduction(const Shape& shape, const std::vector<bool>& is_reduced);

}  // namespace zeropoint
