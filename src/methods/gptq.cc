#include "methods/gptq.h"

#include <algorithm>
#include <vector>

#include "base/fail.h"
#include "base/parallel.h"
#include "kernels/dense/dense.h"
#include "methods/finite_weight.h"
#include "methods/gptq_factor.h"
#include "methods/gptq_sweep.h"
#include "methods/matrix_grid.h"
#include "methods/round_to_nearest.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

/// The grid of each column when groups are made of columns in the order of work.
Tensor groups_in_order(const std::vector<std::int64_t>& order, std::int64_t block_size) {
  Tensor groups = Tensor::allocate(DType::i32, {static_cast<std::int64_t>(order.size())});
  for (std::size_t i = 0; i < order.size(); ++i) {
    groups.mutable_data<std::int32_t>()[order[i]] =
        static_cast<std::int32_t>(static_cast<std::int64_t>(i) / block_size);
  }
  return groups;
}

/// Plain rounding on grids by the same rule: of the same groups of columns, from the weights as they are.
QuantizedMatrix round(const Tensor& weight, const MatrixScheme& scheme, const GptqFactor& factor,
                      const GptqOptions& options, const std::string& where) {
  const RoundToNearestOptions rounding{.scale_type = options.scale_type, .clip_search = options.clip_search};
  if (!scheme.act_order) return round_to_nearest(weight, scheme, rounding, where);
  const std::int64_t n = weight.dim(1);
  Tensor ordered = Tensor::allocate(DType::f32, weight.shape());
  std::vector<float> buffer;
  const float* from = load_f32(weight, 0, weight.size(), buffer);
  float* to = ordered.mutable_data<float>();
  for (std::int64_t r = 0; r < weight.dim(0); ++r) {
    for (std::int64_t c = 0; c < n; ++c) to[r * n + c] = from[r * n + factor.order[static_cast<std::size_t>(c)]];
  }
  QuantizedMatrix rounded = round_to_nearest(ordered, scheme, rounding, where);
  const Tensor codes = rounded.codes;
  rounded.codes = Tensor::allocate(DType::i8, codes.shape());
  for (std::int64_t r = 0; r < weight.dim(0); ++r) {
    for (std::int64_t c = 0; c < n; ++c) {
      rounded.codes.mutable_data<std::int8_t>()[r * n + factor.order[static_cast<std::size_t>(c)]] =
          codes.data<std::int8_t>()[r * n + c];
    }
  }
  rounded.groups = groups_in_order(factor.order, options.block_size);
  return rounded;
}

/// d H d^T for the difference d of every row.
std::vector<double> row_losses(const Tensor& weight, const QuantizedMatrix& matrix, const Tensor& hessian) {
  Tensor difference = dequantize(matrix);
  const std::int64_t n = matrix.columns;
  parallel_ranges(matrix.rows, 1, [&](std::int64_t r, std::int64_t) {
    std::vector<float> buffer;
    const float* w = load_f32(weight, r * n, (r + 1) * n, buffer);
    float* d = difference.mutable_data<float>() + r * n;
    for (std::int64_t c = 0; c < n; ++c) d[c] -= w[c];
  });
  std::vector<double> losses(static_cast<std::size_t>(matrix.rows));
  quadratic_forms(difference.data<float>(), n, matrix.rows, hessian.data<float>(), n, losses.data());
  return losses;
}

template <class T>
void copy_row(const Tensor& from, Tensor& to, std::int64_t r) {
  if (from.dim(0) > r) std::copy_n(from.data<T>() + r * from.dim(1), from.dim(1), to.mutable_data<T>() + r * to.dim(1));
}

/// Puts the rounded row where compensation did not help, and sums up both losses.
void keep_better_rows(const Tensor& weight, const Tensor& hessian, const QuantizedMatrix& rounded, GptqResult& result) {
  const std::vector<double> losses = row_losses(weight, result.matrix, hessian);
  const std::vector<double> rounding_losses = row_losses(weight, rounded, hessian);
  for (std::int64_t r = 0; r < rounded.rows; ++r) {
    const double loss = losses[static_cast<std::size_t>(r)];
    const double rounding_loss = rounding_losses[static_cast<std::size_t>(r)];
    result.report.rounding_loss += rounding_loss;
    result.report.loss += std::min(loss, rounding_loss);
    if (loss <= rounding_loss) continue;
    ++result.report.rounded_rows;
    copy_row<std::int8_t>(rounded.codes, result.matrix.codes, r);
    copy_row<float>(rounded.scales, result.matrix.scales, r);
    if (rounded.zero_points) copy_row<std::int8_t>(rounded.zero_points, result.matrix.zero_points, r);
  }
}

}  // namespace

MatrixScheme gptq_scheme(const GptqOptions& options) {
  if (!(options.damping >= 0)) {
    fail(ErrorKind::invalid_option, "--damping", "{} is not a number of at least 0", options.damping);
  }
  if (options.per_tensor && options.block_size > 0) {
    fail(ErrorKind::invalid_option, "--per-tensor", "contradicts --block-size {}", options.block_size);
  }
  const MatrixScheme scheme{.bits = options.bits,
                            .symmetric = options.symmetric,
                            .per_tensor = options.per_tensor,
                            .block_size = options.block_size,
                            .act_order = options.act_order && !options.static_groups && options.block_size > 0};
  const MatrixGridRule rule(scheme);  // refuses bits that no grid has
  return scheme;
}

void check_gptq_columns(const GptqOptions& options, std::int64_t columns, const std::string& where) {
  if (options.block_size <= 0 || options.short_block || columns % options.block_size == 0) return;
  fail(ErrorKind::invalid_option, where, "it has {} inputs, which blocks of {} do not divide", columns,
       options.block_size);
}

GptqResult gptq(const Tensor& weight, const Tensor& hessian, const GptqOptions& options, const std::string& where) {
  const MatrixScheme scheme = gptq_scheme(options);
  check_gptq_columns(options, weight.dim(1), where);
  require_finite(weight, where);
  const GptqFactor factor = factor_hessian(hessian, options.damping, options.act_order, where);
  GptqResult result{.report = {.damping = factor.damping,
                               .damping_raises = factor.raises,
                               .dead_columns = static_cast<std::int64_t>(factor.dead.size())}};
  QuantizedMatrix rounded = round(weight, scheme, factor, options, where);
  if (weight.size() == 0 || result.report.dead_columns == weight.dim(1)) {
    result.report.rounded_rows = weight.dim(0);
    result.matrix = std::move(rounded);
    return result;
  }
  result.matrix = rounded;
  result.matrix.codes = Tensor::allocate(DType::i8, weight.shape());
  if (!options.static_groups && !options.per_tensor) {
    result.matrix.scales = Tensor::allocate(DType::f32, rounded.scales.shape());
    if (rounded.zero_points) result.matrix.zero_points = Tensor::allocate(DType::i8, rounded.zero_points.shape());
  }
  gptq_sweep(weight, factor, options, rounded, result.matrix);
  if (options.compares_with_rounding) keep_better_rows(weight, hessian, rounded, result);
  return result;
}

}  // namespace zeropoint
