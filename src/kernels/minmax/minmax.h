// The smallest and the largest value of float32 data, and whether all of it is finite.
//
// NaN and infinities take no part in the result; they only clear is_finite, and count_nonfinite() says
// how many there are. A zero is reported as +0, so the result does not depend on the order of the data.
#pragma once

#include <cstdint>
#include <limits>

namespace zeropoint {

struct MinMax {
  float min = std::numeric_limits<float>::infinity();  // of no finite value at all: min > max
  float max = -std::numeric_limits<float>::infinity();
  bool is_finite = true;

  bool operator==(const MinMax&) const = default;
};

MinMax minmax_f32(const float* x, std::int64_t n);
MinMax merge(const MinMax& a, const MinMax& b);

/// Largest magnitude of the finite values; 0 when there are none.
float absmax(const MinMax& range);

/// minmax_f32 of every column of a row-major [rows, columns] matrix; merged into ranges[0 .. columns).
void minmax_columns_f32(const float* x, std::int64_t rows, std::int64_t columns, MinMax* ranges);

struct NonFinite {
  std::int64_t nans = 0;
  std::int64_t infinities = 0;
};
NonFinite count_nonfinite(const float* x, std::int64_t n);

namespace reference {
MinMax minmax_f32(const float* x, std::int64_t n);
}  // namespace reference

}  // namespace zeropoint
