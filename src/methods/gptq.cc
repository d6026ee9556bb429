#include "methods/gptq.h"

#include <algorithm>
#include <vector>

#include "base/fail.h"
#include "base/parallel.h"
#include "kernels/dense/dense.h"
#include "kernels/reduce/reduce.h"
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
  const RoundToNearestOptions rounding{.storage = options.storage, .clip_search = options.clip_search};
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

/// Q - W, row by row.
Tensor difference(const Tensor& weight, const QuantizedMatrix& matrix) {
  Tensor result = dequantize(matrix);
  const std::int64_t n = matrix.columns;
  parallel_ranges(matrix.rows, 1, [&](std::int64_t r, std::int64_t) {
    std::vector<float> buffer;
    const float* w = load_f32(weight, r * n, (r + 1) * n, buffer);
    float* d = result.mutable_data<float>() + r * n;
    for (std::int64_t c = 0; c < n; ++c) d[c] -= w[c];
  });
  return result;
}

/// d H d^T of every row d.
std::vector<double> exact_losses(const Tensor& rows, const Tensor& hessian) {
  const std::int64_t n = rows.dim(1);
  std::vector<double> losses(static_cast<std::size_t>(rows.dim(0)));
  quadratic_forms(rows.data<float>(), n, rows.dim(0), hessian.data<float>(), n, losses.data());
  return losses;
}

/// The same for the sweep's result, mostly without another product with H. The squared errors of the sweep are
/// d (H + added) d^T; without `added` |d|^2 they are the loss, within a few parts in ten thousand. Rows whose loss
/// all but cancels so, or that `against` does not decide clearly, are computed.
std::vector<double> losses_of_sweep(std::vector<double> squared_errors, const std::vector<double>& against,
                                    Tensor difference, const Tensor& hessian, const GptqFactor& factor) {
  constexpr double kClear = 0.95;      // times the loss that it is compared with
  constexpr double kCancelled = 0.05;  // of the squared errors is left
  const std::int64_t n = difference.dim(1);
  auto* d = difference.mutable_data<float>();
  std::vector<double> losses = std::move(squared_errors);
  std::vector<std::int64_t> unclear;
  for (std::int64_t r = 0; r < difference.dim(0); ++r) {
    for (const std::int64_t column : factor.dead) d[r * n + column] = 0;  // contributes nothing
    double& loss = losses[static_cast<std::size_t>(r)];
    const double damped = loss;
    loss -= factor.added * reduce_f32(ReduceF32::sum_squares, d + r * n, n);
    if (loss < kCancelled * damped || loss > kClear * against[static_cast<std::size_t>(r)]) unclear.push_back(r);
  }
  Tensor rows = Tensor::allocate(DType::f32, {std::ssize(unclear), n});
  for (std::int64_t i = 0; i < rows.dim(0); ++i) {
    std::copy_n(d + unclear[static_cast<std::size_t>(i)] * n, n, rows.mutable_data<float>() + i * n);
  }
  const std::vector<double> exact = exact_losses(rows, hessian);
  for (std::size_t i = 0; i < unclear.size(); ++i) losses[static_cast<std::size_t>(unclear[i])] = exact[i];
  return losses;
}

template <class T>
void copy_row(const Tensor& from, Tensor& to, std::int64_t r) {
  if (from.dim(0) > r) std::copy_n(from.data<T>() + r * from.dim(1), from.dim(1), to.mutable_data<T>() + r * to.dim(1));
}

/// Puts the rounded row where compensation did not help, and sums up both losses.
void keep_better_rows(const Tensor& weight, const Tensor& hessian, const GptqFactor& factor,
                      std::vector<double> squared_errors, const QuantizedMatrix& rounded, GptqResult& result) {
  const std::vector<double> rounding_losses = exact_losses(difference(weight, rounded), hessian);
  const std::vector<double> losses =
      losses_of_sweep(std::move(squared_errors), rounding_losses, difference(weight, result.matrix), hessian, factor);
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
  std::vector<double> squared_errors = gptq_sweep(weight, factor, options, rounded, result.matrix);
  if (options.compares_with_rounding) {
    keep_better_rows(weight, hessian, factor, std::move(squared_errors), rounded, result);
  }
  return result;
}

}  // namespace zeropoint
