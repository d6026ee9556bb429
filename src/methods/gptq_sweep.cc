#include "methods/gptq_sweep.h"

#include <algorithm>
#include <vector>

#include "base/interrupt.h"
#include "base/parallel.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gptq/gptq_columns.h"
#include "kernels/minmax/minmax.h"
#include "kernels/movement/transpose_tile.h"
#include "methods/clip_search.h"
#include "methods/matrix_grid.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kLazyBlock = 128;  // columns whose errors reach the rest of the matrix together

/// A lazy block of columns, with the rows of U that carry its errors to the columns behind it.
struct Block {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::vector<float> panels;  // U[begin..end, end..n] as pack_rhs() lays it
};

/// What all rows share.
class Work {
 public:
  Work(const Tensor& weight, const GptqFactor& factor, const GptqOptions& options, const QuantizedMatrix& rounded)
      : weight_(weight),
        factor_(factor),
        options_(options),
        rounded_(rounded),
        rule_(gptq_scheme(options), options.storage),
        n_(weight.dim(1)),
        group_(options.block_size > 0 ? options.block_size : n_),
        is_static_(options.static_groups || options.per_tensor),
        is_dead_(static_cast<std::size_t>(n_)) {
    for (const std::int64_t column : factor.dead) is_dead_[static_cast<std::size_t>(column)] = true;
    cut();
  }

  std::vector<double> run(QuantizedMatrix& to) const;

 private:
  class Rows;

  /// Blocks that no group straddles, unless it is longer than a block: then one begins where a group begins.
  void cut() {
    const std::int64_t step = group_ < kLazyBlock ? kLazyBlock / group_ * group_ : kLazyBlock;
    for (std::int64_t begin = 0; begin < n_;) {
      const std::int64_t group_end = begin / group_ * group_ + group_;
      const std::int64_t end = std::min({n_, begin + step, group_ > step ? group_end : n_});
      blocks_.push_back({.begin = begin, .end = end});
      begin = end;
    }
    const float* u = factor_.u.data<float>();
    parallel_chunks(static_cast<std::int64_t>(blocks_.size()), [&](std::int64_t i) {
      Block& block = blocks_[static_cast<std::size_t>(i)];
      const std::int64_t k = block.end - block.begin;
      const std::int64_t rest = n_ - block.end;
      block.panels.resize(static_cast<std::size_t>(packed_rhs_size(k, rest)));
      pack_rhs(u + block.begin * n_ + block.end, n_, 1, k, rest, block.panels.data());
    });
  }

  const Tensor& weight_;
  const GptqFactor& factor_;
  const GptqOptions& options_;
  const QuantizedMatrix& rounded_;  // its grids are the static ones
  MatrixGridRule rule_;
  std::int64_t n_;
  std::int64_t group_;
  bool is_static_;
  std::vector<bool> is_dead_;
  std::vector<Block> blocks_;
};

/// At most kGptqRows neighbouring rows, worked through from the first column to the last.
class Work::Rows {
 public:
  Rows(const Work& work, QuantizedMatrix& to, std::int64_t row, std::int64_t count)
      : work_(work),
        to_(to),
        row_(row),
        count_(count),
        step_(work.n_ + 16),  // rows 4 KiB apart would fall on each other in the cache
        weights_(static_cast<std::size_t>(count * step_)),
        group_(static_cast<std::size_t>(kGptqRows * std::min(work.group_, kLazyBlock))),
        errors_(static_cast<std::size_t>(count * kLazyBlock)),
        block_weights_(Tensor::zeros(DType::f32, {kLazyBlock, kGptqRows})),
        block_errors_(Tensor::allocate(DType::f32, {kLazyBlock, kGptqRows})),
        block_codes_(Tensor::allocate(DType::i8, {kLazyBlock, kGptqRows})),
        scales_(Tensor::allocate(DType::f32, {kGptqRows})),
        zero_points_(Tensor::zeros(DType::f32, {kGptqRows})) {
    std::fill_n(scales_.mutable_data<float>(), kGptqRows, 1.0F);
    for (std::int64_t r = 0; r < count; ++r) load(r);
  }

  void run() {
    for (const Block& block : work_.blocks_) {
      check_interrupt();
      quantize(block);
      store_codes(block);
      sum_up_errors(block);
      hand_on_errors(block);
    }
  }

  const double* squared_errors() const { return squared_errors_; }

 private:
  void load(std::int64_t r) {
    std::vector<float> buffer;
    const std::int64_t n = work_.n_;
    const float* from = load_f32(work_.weight_, (row_ + r) * n, (row_ + r + 1) * n, buffer);
    float* to = row(r);
    for (std::int64_t c = 0; c < n; ++c) {
      const std::int64_t column = work_.factor_.order[static_cast<std::size_t>(c)];
      to[c] = work_.is_dead_[static_cast<std::size_t>(column)] ? 0.0F : from[column];
    }
  }

  void quantize(const Block& block) {
    const std::int64_t width = block.end - block.begin;
    transpose_tile_f32(row(0) + block.begin, step_, count_, width, block_weights_.mutable_data<float>(), kGptqRows);
    GptqColumns columns{.width = width,
                        .weights = block_weights_.mutable_data<float>(),
                        .errors = block_errors_.mutable_data<float>(),
                        .codes = block_codes_.mutable_data<std::int8_t>(),
                        .scales = scales_.data<float>(),
                        .zero_points = zero_points_.data<float>(),
                        .range = work_.rule_.codes(),
                        .factor = work_.factor_.u.data<float>() + block.begin * (work_.n_ + 1),
                        .factor_step = work_.n_};
    while (columns.end < width) {
      columns.begin = columns.end;
      const std::int64_t at = block.begin + columns.begin;
      if (work_.is_static_) {
        columns.end = columns.begin + 1;
        use_static_grids(at);
      } else {
        columns.end = std::min(width, columns.begin + work_.group_ - at % work_.group_);
        if (at % work_.group_ == 0) choose_grids(block, columns);
      }
      gptq_columns(columns);
    }
  }

  /// Grids of the group that begins at columns.begin, from its weights as the errors of all columns before it left
  /// them.
  void choose_grids(const Block& block, const GptqColumns& columns) {
    const std::int64_t at = block.begin + columns.begin;
    const std::int64_t size = std::min(work_.group_, work_.n_ - at);
    const bool is_inside = at + size <= block.end;
    if (is_inside)
      transpose_tile_f32(columns.weights + columns.begin * kGptqRows, kGptqRows, size, count_, group_.data(), size);
    for (std::int64_t r = 0; r < count_; ++r) {
      const float* x = is_inside ? group_.data() + r * size : row(r) + at;
      const MinMax range = minmax_f32(x, size);
      const QParams grid = work_.options_.clip_search ? search_clipped_grid(work_.rule_, x, size, range.min, range.max)
                                                      : work_.rule_(range.min, range.max);
      set_grid(r, grid);
      const std::int64_t place = (row_ + r) * to_.scales.dim(1) + at / work_.group_;
      to_.scales.mutable_data<float>()[place] = grid.scale;
      if (to_.zero_points)
        to_.zero_points.mutable_data<std::int8_t>()[place] = static_cast<std::int8_t>(grid.zero_point);
    }
  }

  /// Grids that were chosen beforehand, for the column that is worked through as `at`.
  void use_static_grids(std::int64_t at) {
    const QuantizedMatrix& grids = work_.rounded_;
    const std::int64_t group = work_.factor_.order[static_cast<std::size_t>(at)] / work_.group_;
    for (std::int64_t r = 0; r < count_; ++r) {
      const std::int64_t place = work_.options_.per_tensor ? 0 : (row_ + r) * grids.scales.dim(1) + group;
      set_grid(r, {grids.scales.data<float>()[place],
                   grids.zero_points ? grids.zero_points.data<std::int8_t>()[place] : std::int32_t{0}});
    }
  }

  void set_grid(std::int64_t r, QParams grid) {
    scales_.mutable_data<float>()[r] = grid.scale;
    zero_points_.mutable_data<float>()[r] = static_cast<float>(grid.zero_point);
  }

  void store_codes(const Block& block) {
    const auto* codes = block_codes_.data<std::int8_t>();
    auto* to = to_.codes.mutable_data<std::int8_t>();
    for (std::int64_t c = block.begin; c < block.end; ++c, codes += kGptqRows) {
      const std::int64_t column = work_.factor_.order[static_cast<std::size_t>(c)];
      for (std::int64_t r = 0; r < count_; ++r) to[(row_ + r) * work_.n_ + column] = codes[r];
    }
  }

  void sum_up_errors(const Block& block) {
    float sums[kGptqRows] = {};
    const float* e = block_errors_.data<float>();
    for (std::int64_t c = block.begin; c < block.end; ++c, e += kGptqRows) {
      for (std::int64_t r = 0; r < kGptqRows; ++r) sums[r] += e[r] * e[r];
    }
    for (std::int64_t r = 0; r < kGptqRows; ++r) squared_errors_[r] += double{sums[r]};
  }

  /// W[:, end..n] -= E U[begin..end, end..n]
  void hand_on_errors(const Block& block) {
    if (block.end == work_.n_) return;
    const std::int64_t width = block.end - block.begin;
    transpose_tile_f32(block_errors_.data<float>(), kGptqRows, width, count_, errors_.data(), width);
    const Gemm update{.m = count_,
                      .n = work_.n_ - block.end,
                      .k = width,
                      .a = errors_.data(),
                      .a_row_step = width,
                      .b = block.panels.data(),
                      .c = row(0) + block.end,
                      .c_row_step = step_,
                      .alpha = -1,
                      .adds_c = true};
    run_gemms({&update, 1});
  }

  float* row(std::int64_t r) { return weights_.data() + r * step_; }

  const Work& work_;
  QuantizedMatrix& to_;
  std::int64_t row_;
  std::int64_t count_;
  std::int64_t step_;
  std::vector<float> weights_;  // [count][step], columns in the order of work
  std::vector<float> group_;    // a group that lies inside a block, row by row
  std::vector<float> errors_;   // of a block, row by row
  Tensor block_weights_, block_errors_, block_codes_;
  Tensor scales_, zero_points_;  // of the columns at work
  double squared_errors_[kGptqRows] = {};
};

std::vector<double> Work::run(QuantizedMatrix& to) const {
  std::vector<double> squared_errors(static_cast<std::size_t>(weight_.dim(0)));
  parallel_ranges(weight_.dim(0), kGptqRows, [&](std::int64_t begin, std::int64_t end) {
    Rows rows(*this, to, begin, end - begin);
    rows.run();
    std::copy_n(rows.squared_errors(), end - begin, squared_errors.begin() + begin);
  });
  return squared_errors;
}

}  // namespace

std::vector<double> gptq_sweep(const Tensor& weight, const GptqFactor& factor, const GptqOptions& options,
                               const QuantizedMatrix& rounded, QuantizedMatrix& to) {
  return Work(weight, factor, options, rounded).run(to);
}

}  // namespace zeropoint
