// How scales and zero points lie over a tensor in QuantizeLinear and DequantizeLinear: per tensor, per
// axis, or in blocks along an axis. A walk hands out rows of elements in which the scale is one value
// (scale_step 0) or one value per element (scale_step 1).
#pragma once

#include <cstdint>
#include <vector>

#include "base/parallel.h"
#include "ops/op.h"

namespace zeropoint {

class QuantGrid {
 public:
  struct Row {
    std::int64_t first;  // element of the tensor
    std::int64_t size;
    std::int64_t scale;  // index of the first element's scale
    std::int64_t scale_step;
  };

  /// From the shapes of inputs 0 (the tensor) and 1 (the scale) and the attributes axis and block_size.
  /// Throws invalid_model where they do not fit.
  explicit QuantGrid(const OpSite& site);

  /// Rows in parallel; long rows are cut.
  template <class Body>
  void for_each_row(Body&& body) const {
    if (rows_ == 1) {
      return parallel_ranges(cols_, kGrain, [&](std::int64_t begin, std::int64_t end) {
        body(Row{begin, end - begin, begin * scale_step_, scale_step_});
      });
    }
    const std::int64_t rows_per_chunk = kGrain / (cols_ > 0 ? cols_ : 1) + 1;
    parallel_ranges(rows_, rows_per_chunk, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) body(row(i));
    });
  }

  std::int64_t scales() const { return scales_; }

 private:
  static constexpr std::int64_t kGrain = 32768;

  Row row(std::int64_t index) const;

  std::int64_t rows_ = 1;
  std::int64_t cols_ = 0;
  std::int64_t scale_step_ = 0;
  std::int64_t scales_ = 1;
  // How row i finds its scale and its elements: see row().
  std::int64_t axis_ = 1;        // rows along the axis
  std::int64_t block_size_ = 1;  // rows (or, with blocks_in_row_, elements) that share a scale
  std::int64_t blocks_ = 1;      // along the axis
  std::int64_t scale_cols_ = 0;  // scales per row of blocks
  bool blocks_in_row_ = false;   // a row is one block along the innermost axis
  bool is_blocked_ = false;
};

/// Scales as float32 and zero points as int32, read from inputs 1 and 2: at once when they are constants,
/// else at every run.
class QuantGridValues {
 public:
  /// Throws invalid_model when the zero points do not have the scales' shape.
  QuantGridValues(const OpSite& site, const QuantGrid& grid);

  void prepare(const KernelIo& io);
  const float* scales() const { return scales_; }
  const std::int32_t* zero_points() const { return zero_points_.data(); }  // as many as scales; 0 where absent

 private:
  void read(const Tensor& scale, const Tensor* zero_point);

  bool is_constant_;
  std::int64_t count_;
  const float* scales_ = nullptr;
  std::vector<float> converted_;
  std::vector<std::int32_t> zero_points_;
  Tensor constant_scale_;
};

}  // namespace zeropoint
