// Scale and zero point of a grid of a weight matrix, as a file format will hold them.
//
// The formulas are those of choose_qparams() (docs/quantization.md, equations (1), (2), (8) and (9)), the range always
// widened to contain 0. Formats keep scales in float16 or bfloat16: the scale is rounded to that type before the zero
// point and the codes are computed from it, so that what is read back is what was chosen. Where a format cannot hold
// the lowest zero point, a range that would have it is widened below to one step under 0.
#pragma once

#include "weights/grid_storage.h"
#include "weights/quantized_matrix.h"
#include "zeropoint/quant.h"

namespace zeropoint {

/// Lowest and highest code of the scheme, signed: [-8, 7], or [-7, 7] when narrow.
CodeRange code_range(const MatrixScheme& scheme);

class MatrixGridRule {
 public:
  /// Throws invalid_option for a number of bits that is not 2, 3, 4 or 8, or a scale type other than float32, float16
  /// and bfloat16.
  explicit MatrixGridRule(const MatrixScheme& scheme, const GridStorage& storage = {});

  /// min <= max, both finite. A zero range gives scale 1.
  QParams operator()(float min, float max) const;

  CodeRange codes() const { return codes_; }
  bool is_symmetric() const { return symmetric_; }

 private:
  float stored(float scale) const;  // the nearest scale > 0 that the type has

  CodeRange codes_;
  bool symmetric_;
  GridStorage storage_;
};

}  // namespace zeropoint
