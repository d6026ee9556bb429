#include "ops/arguments.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/float16.h"
#include "ops/dispatch.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kLongestArgument = 4096;  // elements; a plan hands out the content of such inputs only

/// The largest output that is worth trying, in bits: half of the machine's memory.
double largest_output() {
  static const double bytes =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 2;
  return bytes * 8;
}

}  // namespace

std::int64_t positive_axis(const OpSite& site, std::int64_t axis, std::int64_t rank) {
  if (axis < -rank || axis >= rank) {
    if (rank == 0) site.invalid("axis {} is given for a scalar", axis);
    site.invalid("axis {} is outside [{}, {}]", axis, -rank, rank - 1);
  }
  return axis < 0 ? axis + rank : axis;
}

std::vector<std::int64_t> positive_axes(const OpSite& site, std::vector<std::int64_t> axes, std::int64_t rank) {
  for (std::int64_t& axis : axes) axis = positive_axis(site, axis, rank);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (std::count(axes.begin(), axes.end(), axes[i]) > 1) site.invalid("axis {} is named twice", axes[i]);
  }
  return axes;
}

std::vector<std::int64_t> integers(const OpSite& site, const Tensor& tensor, std::string_view role) {
  if (tensor.rank() > 1) site.invalid("{} has shape {}; a list is expected", role, to_string(tensor.shape()));
  if (tensor.dtype() == DType::i64) {
    const auto values = tensor.values<std::int64_t>();
    return {values.begin(), values.end()};
  }
  if (tensor.dtype() == DType::i32) {
    const auto values = tensor.values<std::int32_t>();
    return {values.begin(), values.end()};
  }
  site.invalid("{} is {}; int64 is expected", role, name(tensor.dtype()));
}

std::int64_t single_integer(const OpSite& site, std::size_t input, std::string_view role) {
  const std::vector<std::int64_t> values = integers(site, site.constant(input, role), role);
  if (values.size() != 1) site.invalid("{} has {} elements; one is expected", role, values.size());
  return values[0];
}

double number(const OpSite& site, std::size_t input, std::string_view role) {
  const std::vector<double> values = numbers(site, input, role);
  if (values.size() != 1) site.invalid("{} has {} elements; one is expected", role, values.size());
  return values[0];
}

std::vector<double> numbers(const OpSite& site, std::size_t input, std::string_view role) {
  const Tensor& tensor = site.constant(input, role);
  if (tensor.dtype() == DType::f16 || tensor.dtype() == DType::bf16) {
    const auto widen = tensor.dtype() == DType::f16 ? f16_to_f32 : bf16_to_f32;
    const auto* halves = static_cast<const std::uint16_t*>(tensor.raw());
    std::vector<double> values(static_cast<std::size_t>(tensor.size()));
    std::transform(halves, halves + tensor.size(), values.begin(), widen);
    return values;
  }
  return for_number(site, tensor.dtype(), [&]<class T>() {
    const auto values = tensor.values<T>();
    return std::vector<double>(values.begin(), values.end());
  });
}

std::optional<std::vector<std::int64_t>> integer_list(const OpSite& site, std::string_view attribute,
                                                      std::size_t input) {
  if (site.node.find(attribute) != nullptr) return site.node.get_ints(attribute);
  if (!site.has(input)) return std::nullopt;
  return integers(site, site.constant(input, attribute), attribute);
}

bool is_pending(const OpSite& site, std::size_t i) {
  if (!site.has(i) || site.inputs[i].constant) return false;
  const Shape& shape = site.inputs[i].shape;
  if (!site.inputs[i].is_dynamic && (shape.size() > 1 || element_count(shape) > kLongestArgument)) {
    site.invalid("input {} has shape {}; a number or a short list is expected", i, to_string(shape));
  }
  return true;
}

std::vector<ValueFacts> late(DType dtype, std::size_t count) {
  return std::vector<ValueFacts>(count, {.dtype = dtype, .shape = {}, .is_dynamic = true});
}

ValueFacts planned(const OpSite& site, DType dtype, Shape shape) {
  std::int64_t count = 1;
  for (const std::int64_t dim : shape) {
    if (dim < 0) site.invalid("the output would have the negative dimension {}", dim);
    if (__builtin_mul_overflow(count, dim, &count)) site.invalid("the output {} is too large", to_string(shape));
  }
  if (static_cast<double>(count) * bits(dtype) > largest_output()) {
    site.invalid("the output {} of {} does not fit in this machine's memory", to_string(shape), name(dtype));
  }
  return {.dtype = dtype, .shape = std::move(shape)};
}

std::size_t element_bytes(const OpSite& site, DType dtype) {
  const int width = bits(dtype);
  if (width < 8) site.unsupported("{} elements are not offered", name(dtype));
  return static_cast<std::size_t>(width) / 8;
}

Shape broadcast_shape(const OpSite& site, const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < result.size(); ++i) {  // i counts from the last dimension
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) site.invalid("{} and {} do not broadcast", to_string(a), to_string(b));
    result[result.size() - 1 - i] = x == 1 ? y : x;
  }
  return result;
}

std::int64_t count_between(const Shape& shape, std::size_t begin, std::size_t end) {
  std::int64_t count = 1;
  for (std::size_t i = begin; i < end; ++i) count *= shape[i];
  return count;
}

}  // namespace zeropoint
