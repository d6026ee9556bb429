// `zeropoint explain tensor.npy`: what a tensor looks like, where the codes of a grid fall on it,
// and what every scheme and every observer would make of it. Errors are measured on the elements
// themselves, not estimated.
#pragma once

#include <string>
#include <vector>

#include "report/explain_range.h"
#include "zeropoint/quant.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

/// One way to quantize the tensor, with what it costs.
struct SchemeRow {
  std::string label;  // "affine", "per axis 0", "affine, mse" ...
  Scheme scheme;
  std::int64_t grids = 1;
  Range range;                // of the first grid, as chosen
  QParams qparams;            // of the first grid
  double clipping_error = 0;  // mean over all elements of (x - x')^2 where x lies outside its grid
  double rounding_error = 0;  // and where it lies inside
  double sqnr_db = 0;         // 10 log10(sum x^2 / sum (x - x')^2); infinite when exact
  double bits = 0;            // per element, scales and zero points included
  std::string reason;         // the observer's sentence; empty for the tensor's own extremes
};

struct TensorExplanation {
  std::string name;
  Shape shape;
  double min = 0, max = 0, mean = 0, standard_deviation = 0;
  std::int64_t zeros = 0;
  std::vector<std::int64_t> histogram;  // equal bins from min to max
  RangeExplanation range;               // of the chosen scheme, for the whole tensor
  std::vector<SchemeRow> schemes;       // empty unless compared
};

struct ExplainTensorOptions {
  Scheme scheme;                 // per tensor: the grid that is drawn over the histogram
  bool compare = false;          // fill `schemes`
  std::vector<float> values;     // to follow through the quantizer
  int axis = 0;                  // of the per-axis rows
  std::int64_t block_size = 32;  // of the blocked row, along the innermost axis that is long enough
};

/// `x` is float32, float16, bfloat16 or float64. Throws invalid_data when it is empty or holds NaN or infinity.
TensorExplanation explain_tensor(const std::string& name, const Tensor& x, const ExplainTensorOptions& options);

std::string to_text(const TensorExplanation& explanation);  ///< fits 80 columns
std::string to_json(const TensorExplanation& explanation);

}  // namespace zeropoint
