#include "observers/observed_qparams.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/parallel.h"
#include "quant/scheme.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr std::string_view kFullRange = "minmax";
constexpr std::string_view kLeastSquares = "mse";
constexpr int kSearchedBits = 8;  // the steps of wider codes are finer than the bins that a search would see
constexpr std::int64_t kGridsPerChunk = 16;

/// Calls body(element, grid) for every element in memory order.
template <class Body>
void for_each_element(const GridLayout& layout, std::int64_t elements, Body&& body) {
  for_each_patch(layout, 0, elements, [&](const Patch& patch) {
    for (std::int64_t i = 0; i < patch.elements(); ++i) {
      const std::int64_t step = patch.kind == Patch::Kind::runs ? i / patch.size : i % patch.size;
      body(patch.begin + i, static_cast<std::size_t>(patch.grid + step));
    }
  });
}

/// An array's values as float32, sorted by grid.
struct ValuesByGrid {
  std::vector<float> values;
  std::vector<std::int64_t> begins;  // one more than grids

  ValuesByGrid(const Tensor& x, const GridLayout& layout)
      : values(static_cast<std::size_t>(x.size())), begins(static_cast<std::size_t>(grid_count(layout)) + 1) {
    for_each_element(layout, x.size(), [&](std::int64_t, std::size_t grid) { ++begins[grid + 1]; });
    for (std::size_t grid = 1; grid < begins.size(); ++grid) begins[grid] += begins[grid - 1];
    std::vector<std::int64_t> next = begins;
    for_each_element(layout, x.size(), [&](std::int64_t i, std::size_t grid) {
      values[static_cast<std::size_t>(next[grid]++)] = finite_f32(load_real(x.dtype(), x.raw(), i));
    });
  }

  Tensor of_grid(std::size_t grid) const {
    return Tensor::view(DType::f32, {begins[grid + 1] - begins[grid]}, values.data() + begins[grid], nullptr);
  }

 private:
  static float finite_f32(double value) {
    constexpr double kLargest = std::numeric_limits<float>::max();
    return std::isfinite(value) ? static_cast<float>(std::clamp(value, -kLargest, kLargest)) : 0.0F;
  }
};

/// Sum of (x - x')^2 over the finite elements of each grid.
std::vector<double> squared_errors(const Tensor& x, const TensorQParams& qparams, const GridLayout& layout,
                                   const QuantizeOptions& options) {
  const Tensor wide = dequantize(quantize(x, qparams, options), qparams, DType::f64);
  std::vector<double> errors(static_cast<std::size_t>(grid_count(layout)));
  for_each_element(layout, x.size(), [&](std::int64_t i, std::size_t grid) {
    const double value = load_real(x.dtype(), x.raw(), i);
    const double error = value - wide.data<double>()[i];
    if (std::isfinite(value)) errors[grid] += error * error;
  });
  return errors;
}

}  // namespace

TensorQParams choose_observed_qparams(const Tensor& x, const Scheme& scheme, const ObserverSpec& observer,
                                      Convention convention, const QuantizeOptions& options) {
  const std::vector<Range> full = grid_ranges(x, scheme, options);
  const bool is_fine = observer.name == kLeastSquares && bits(scheme.dtype) > kSearchedBits;
  if (observer.name == kFullRange || is_fine) return choose_tensor_qparams(full, x.shape(), scheme, convention);
  const GridLayout layout = grid_layout(x.shape(), scheme);
  const ValuesByGrid by_grid(x, layout);
  std::vector<Range> chosen = full;
  parallel_ranges(static_cast<std::int64_t>(full.size()), kGridsPerChunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto grid = static_cast<std::size_t>(i);
      const Tensor values = by_grid.of_grid(grid);
      if (values.size() == 0) continue;
      TensorStatistics seen({.torch_histogram = observer.needs_torch_histogram});
      seen.observe(values, options.name);
      chosen[grid] = choose_range(observer, seen.slices().front(), scheme).range;
    }
  });
  TensorQParams qparams = choose_tensor_qparams(chosen, x.shape(), scheme, convention);
  if (observer.name != kLeastSquares) return qparams;

  const std::vector<double> errors = squared_errors(x, qparams, layout, options);
  const TensorQParams full_qparams = choose_tensor_qparams(full, x.shape(), scheme, convention);
  const std::vector<double> full_errors = squared_errors(x, full_qparams, layout, options);
  for (std::size_t grid = 0; grid < full.size(); ++grid) {
    if (full_errors[grid] <= errors[grid]) chosen[grid] = full[grid];
  }
  return choose_tensor_qparams(chosen, x.shape(), scheme, convention);
}

}  // namespace zeropoint
