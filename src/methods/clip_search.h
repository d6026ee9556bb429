// The range of a grid that gives the smallest squared error, clipping included.
//
// Both ends shrink by the same factor, from 1 down to 0.2 in steps of a hundredth; of equal errors the wider range
// wins. It is what quantizers of language models call the MSE search.
#pragma once

#include <vector>

#include "methods/matrix_grid.h"

namespace zeropoint {

class ClipSearch {
 public:
  explicit ClipSearch(const MatrixGridRule& rule) : rule_(rule) {}

  /// The grid for n finite values whose extremes are min and max.
  QParams operator()(const float* x, std::int64_t n, float min, float max);

 private:
  double error(const float* x, std::int64_t n, QParams grid);

  const MatrixGridRule& rule_;
  std::vector<float> rounded_;
};

}  // namespace zeropoint
