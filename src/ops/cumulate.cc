#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/elementwise.h"
#include "ops/narrow_types.h"

// CumSum and CumProd along an axis, forwards or in reverse, with or without the element itself.
namespace zeropoint {
namespace {

template <class T, bool is_product>
void cumulate(const T* x, T* y, std::int64_t n, std::int64_t step, bool exclusive) {
  T total = is_product ? 1 : 0;
  for (std::int64_t i = 0; i < n; ++i, x += step, y += step) {
    const T before = total;
    if constexpr (is_product) {
      total = wrapping(total, *x, [](auto u, auto v) { return u * v; });
    } else {
      total = wrapping(total, *x, [](auto u, auto v) { return u + v; });
    }
    *y = exclusive ? before : total;
  }
}

/// The axis is an input and may be known late; the shape does not depend on it.
std::int64_t axis_of(const KernelIo& io, std::int64_t rank, const std::string& label) {
  const Tensor& axis = io.in(1);
  if (axis.size() != 1) fail(ErrorKind::invalid_model, label, "axis has {} elements; one is expected", axis.size());
  const std::int64_t value = axis.dtype() == DType::i32 ? *axis.data<std::int32_t>() : *axis.data<std::int64_t>();
  if (value < -rank || value >= rank)
    fail(ErrorKind::invalid_model, label, "axis {} is outside [{}, {}]", value, -rank, rank - 1);
  return value < 0 ? value + rank : value;
}

template <bool is_product>
std::unique_ptr<Kernel> make(const OpSite& site) {
  const bool exclusive = site.node.get_int("exclusive", 0) != 0;
  const bool reverse = site.node.get_int("reverse", 0) != 0;
  const DType axis_type = site.input(1).dtype;
  if (axis_type != DType::i32 && axis_type != DType::i64)
    site.invalid("axis is {}; int32 or int64 is expected", name(axis_type));
  return for_number(site, site.input(0).dtype, [&]<class T>() {
    return make_kernel([exclusive, reverse, label = site.node.label](const KernelIo& io) {
      const Shape& shape = io.in(0).shape();
      if (io.in(0).size() == 0) return;
      const auto axis = static_cast<std::size_t>(axis_of(io, io.in(0).rank(), label));
      const std::int64_t n = shape[axis];
      const std::int64_t step = count_between(shape, axis + 1, shape.size());
      for (std::int64_t line = 0; line < io.in(0).size() / n; ++line) {
        const std::int64_t start = line / step * n * step + line % step + (reverse ? (n - 1) * step : 0);
        cumulate<T, is_product>(io.in(0).data<T>() + start, io.out(0).mutable_data<T>() + start, n,
                                reverse ? -step : step, exclusive);
      }
    });
  });
}

constexpr std::string_view kNumbers = "all floats, integers";
constexpr OpSpec kOps[] = {
    {.op_type = "CumSum",
     .since = 11,
     .infer = infer_like_input,
     .make = halves_too<infer_like_input, make<false>>,
     .float_types = kNumbers},
    {.op_type = "CumProd",
     .since = 26,
     .infer = infer_like_input,
     .make = halves_too<infer_like_input, make<true>>,
     .float_types = kNumbers},
};

}  // namespace

std::span<const OpSpec> ops_cumulate() { return kOps; }

}  // namespace zeropoint
