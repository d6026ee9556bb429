#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/parallel.h"
#include "kernels/reduce/reduce.h"
#include "ops/arguments.h"
#include "ops/elementwise.h"
#include "ops/narrow_types.h"
#include "ops/reduce_plan.h"

// ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd, ReduceL1, ReduceL2, ReduceSumSquare,
// ReduceLogSum, ReduceLogSumExp. The axes are an attribute in older opsets and an input since.
namespace zeropoint {
namespace {

enum class Finish : std::uint8_t { none, mean, root, log };

struct Row {
  std::string_view op_type;
  ReduceF32 op;
  Finish finish = Finish::none;
};
constexpr std::string_view kLogSumExp = "ReduceLogSumExp";
constexpr Row kRows[] = {
    {"ReduceSum", ReduceF32::sum},
    {"ReduceMean", ReduceF32::sum, Finish::mean},
    {"ReduceMax", ReduceF32::max},
    {"ReduceMin", ReduceF32::min},
    {"ReduceProd", ReduceF32::prod},
    {"ReduceL1", ReduceF32::sum_abs},
    {"ReduceL2", ReduceF32::sum_squares, Finish::root},
    {"ReduceSumSquare", ReduceF32::sum_squares},
    {"ReduceLogSum", ReduceF32::sum, Finish::log},
    {kLogSumExp, ReduceF32::sum},
};

template <class T>
T finished(Finish finish, T value, std::int64_t count) {
  switch (finish) {
    case Finish::mean:
      return std::is_integral_v<T> ? quotient(value, static_cast<T>(count)) : value / static_cast<T>(count);
    case Finish::root:
      return static_cast<T>(std::sqrt(static_cast<double>(value)));
    case Finish::log:
      return static_cast<T>(std::log(static_cast<double>(value)));
    default:
      return value;
  }
}

/// Rows of float32 through the vector kernel, totals in double.
void reduce_rows_f32(const ReducePlan& plan, const Row& row, const float* x, float* y) {
  const std::int64_t grain = std::max<std::int64_t>(1, kCheapGrain / std::max<std::int64_t>(plan.inputs_per_output, 1));
  parallel_ranges(plan.outputs, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float* from = x + plan.start_of(i);
      double total = neutral(row.op);
      for (const std::int64_t offset : plan.offsets) {
        total = combine(row.op, total, reduce_f32(row.op, from + offset, plan.inner.size));
      }
      y[i] = static_cast<float>(finished(row.finish, total, plan.inputs_per_output));
    }
  });
}

/// Whole rows of columns at a time, when the innermost dimension is kept.
void reduce_columns_f32(const ReducePlan& plan, const Row& row, const float* x, float* y) {
  parallel_ranges(plan.outputs / plan.columns, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      float* to = y + i * plan.columns;
      const float* from = x + plan.start_of(i * plan.columns);
      std::fill_n(to, plan.columns, static_cast<float>(neutral(row.op)));
      for (const std::int64_t offset : plan.offsets) {
        accumulate_columns_f32(row.op, from + offset, plan.inner.size, plan.columns, to);
      }
      for (std::int64_t c = 0; c < plan.columns && row.finish != Finish::none; ++c) {
        to[c] = finished(row.finish, to[c], plan.inputs_per_output);
      }
    }
  });
}

/// Calls body(x[i]) for every element that belongs to `output`.
template <class T, class Body>
void for_each_input(const ReducePlan& plan, const T* x, std::int64_t output, Body&& body) {
  const T* from = x + plan.start_of(output);
  for (const std::int64_t offset : plan.offsets) {
    for (std::int64_t i = 0; i < plan.inner.size; ++i) body(from[offset + i * plan.inner.stride]);
  }
}

template <class T>
T step(ReduceF32 op, T total, T x) {
  constexpr auto kAdd = [](auto u, auto v) { return u + v; };
  constexpr auto kMul = [](auto u, auto v) { return u * v; };
  switch (op) {
    case ReduceF32::sum:
      return wrapping(total, x, kAdd);
    case ReduceF32::sum_abs:
      return wrapping(total, x < 0 ? wrapping(T{0}, x, [](auto u, auto v) { return u - v; }) : x, kAdd);
    case ReduceF32::sum_squares:
      return wrapping(total, wrapping(x, x, kMul), kAdd);
    case ReduceF32::max:
      return x != x || x > total ? x : total;
    case ReduceF32::min:
      return x != x || x < total ? x : total;
    case ReduceF32::prod:
      return wrapping(total, x, kMul);
  }
  return total;
}

template <class T>
T neutral_of(ReduceF32 op) {
  using Limits = std::numeric_limits<T>;
  if (op == ReduceF32::max) return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  if (op == ReduceF32::min) return Limits::has_infinity ? Limits::infinity() : Limits::max();
  return op == ReduceF32::prod ? T{1} : T{0};
}

template <class T>
void reduce_each(const ReducePlan& plan, const Row& row, const T* x, T* y) {
  for (std::int64_t i = 0; i < plan.outputs; ++i) {
    T total = neutral_of<T>(row.op);
    for_each_input(plan, x, i, [&](T value) { total = step(row.op, total, value); });
    y[i] = finished(row.finish, total, plan.inputs_per_output);
  }
}

/// max + log(sum(e^(x - max))): no overflow. An infinite maximum is the answer itself.
template <class T>
void log_sum_exp_each(const ReducePlan& plan, const T* x, T* y) {
  parallel_ranges(plan.outputs,
                  std::max<std::int64_t>(1, kCostlyGrain / std::max<std::int64_t>(1, plan.inputs_per_output)),
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t i = begin; i < end; ++i) {
                      double max = -std::numeric_limits<double>::infinity();
                      double sum = 0;
                      for_each_input(plan, x, i, [&](T v) { max = step(ReduceF32::max, max, static_cast<double>(v)); });
                      if (std::isfinite(max)) {
                        for_each_input(plan, x, i, [&](T v) { sum += std::exp(static_cast<double>(v) - max); });
                        max += std::log(sum);
                      }
                      y[i] = static_cast<T>(max);
                    }
                  });
}

template <class T>
void reduce(const ReducePlan& plan, const Row& row, const Tensor& from, Tensor& to) {
  const T* x = from.data<T>();
  T* y = to.mutable_data<T>();
  if (row.op_type == kLogSumExp) return log_sum_exp_each(plan, x, y);
  if constexpr (std::is_same_v<T, float>) {
    return plan.columns > 1 ? reduce_columns_f32(plan, row, x, y) : reduce_rows_f32(plan, row, x, y);
  } else {
    reduce_each(plan, row, x, y);
  }
}

/// Types below 64 bits are widened as a whole: integer reductions are rare and small.
void reduce_any(const ReducePlan& plan, const Row& row, const Tensor& x, Tensor& y) {
  switch (x.dtype()) {
    case DType::f32:
      return reduce<float>(plan, row, x, y);
    case DType::f64:
      return reduce<double>(plan, row, x, y);
    case DType::i64:
      return reduce<std::int64_t>(plan, row, x, y);
    case DType::u64:
      return reduce<std::uint64_t>(plan, row, x, y);
    default: {
      Tensor wide_x = Tensor::allocate(DType::i64, x.shape());
      Tensor wide_y = Tensor::allocate(DType::i64, y.shape());
      load_wide(x.dtype(), x.raw(), 0, x.size(), wide_x.mutable_raw());
      reduce<std::int64_t>(plan, row, wide_x, wide_y);
      store_wide(y.dtype(), y.mutable_raw(), 0, y.size(), wide_y.raw());
    }
  }
}

/// The flags of the reduced dimensions; nullopt while the axes are not known.
std::optional<std::vector<bool>> reduced_dims(const OpSite& site) {
  if (site.node.find("axes") == nullptr && is_pending(site, 1)) return std::nullopt;
  const std::size_t rank = site.input(0).shape.size();
  const std::vector<std::int64_t> axes = integer_list(site, "axes", 1).value_or(std::vector<std::int64_t>{});
  if (axes.empty()) return std::vector<bool>(rank, site.node.get_int("noop_with_empty_axes", 0) == 0);
  std::vector<bool> flags(rank, false);
  for (const std::int64_t axis : positive_axes(site, axes, static_cast<std::int64_t>(rank))) {
    flags[static_cast<std::size_t>(axis)] = true;
  }
  return flags;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const std::optional<std::vector<bool>> flags = reduced_dims(site);
  if (!flags) return late(site.input(0).dtype);
  const bool keepdims = site.node.get_int("keepdims", 1) != 0;
  Shape shape;
  for (std::size_t i = 0; i < flags->size(); ++i) {
    if (!(*flags)[i]) {
      shape.push_back(site.input(0).shape[i]);
    } else if (keepdims) {
      shape.push_back(1);
    }
  }
  return {{.dtype = site.input(0).dtype, .shape = shape}};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Row& row = *std::ranges::find(kRows, site.node.op_type, &Row::op_type);
  const DType dtype = site.input(0).dtype;
  if (!has_wide(dtype) || bits(dtype) < 8 || (is_float(dtype) && bits(dtype) < 32)) {
    site.unsupported("{} is not offered for this operator", name(dtype));
  }
  return make_kernel([plan = plan_reduction(site.input(0).shape, *reduced_dims(site)), row](const KernelIo& io) {
    reduce_any(plan, row, io.in(0), io.out(0));
  });
}

std::vector<OpSpec> specs() {
  std::vector<OpSpec> all;
  for (const Row& row : kRows) {
    all.push_back({.op_type = row.op_type,
                   .infer = infer,
                   .make = halves_too<infer, make>,
                   .float_types = "all floats, integers"});
  }
  return all;
}

}  // namespace

std::span<const OpSpec> ops_reduce() {
  static const std::vector<OpSpec> all = specs();
  return all;
}

}  // namespace zeropoint
