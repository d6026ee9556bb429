#include "passes/channel_scale.h"

#include "base/fail.h"
#include "base/float16.h"

namespace zeropoint {
namespace {

/// Calls visit(load, store) with the conversions of the type; false for a type that is no such float.
template <class Visit>
bool with_conversion(DType dtype, const Visit& visit) {
  switch (dtype) {
    case DType::f64:
      visit(
          double{}, [](double x) { return x; }, [](double x) { return x; });
      return true;
    case DType::f32:
      visit(
          float{}, [](float x) { return static_cast<double>(x); }, [](double x) { return static_cast<float>(x); });
      return true;
    case DType::f16:
      visit(
          std::uint16_t{}, [](std::uint16_t x) { return static_cast<double>(f16_to_f32(x)); },
          [](double x) { return f32_to_f16(static_cast<float>(x)); });
      return true;
    case DType::bf16:
      visit(
          std::uint16_t{}, [](std::uint16_t x) { return static_cast<double>(bf16_to_f32(x)); },
          [](double x) { return f32_to_bf16(static_cast<float>(x)); });
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<std::vector<double>> to_doubles(const Tensor& tensor) {
  std::vector<double> values(static_cast<std::size_t>(tensor.size()));
  const bool is_float = with_conversion(tensor.dtype(), [&](auto stored, const auto& load, const auto& /*store*/) {
    const auto* elements = tensor.data<decltype(stored)>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = load(elements[i]);
  });
  if (!is_float) return std::nullopt;
  return values;
}

Tensor from_doubles(DType dtype, Shape shape, const std::vector<double>& values) {
  Tensor tensor = Tensor::allocate(dtype, std::move(shape));
  const bool is_float = with_conversion(dtype, [&](auto stored, const auto& /*load*/, const auto& store) {
    auto* elements = tensor.mutable_data<decltype(stored)>();
    for (std::size_t i = 0; i < values.size(); ++i) elements[i] = store(values[i]);
  });
  if (!is_float) fail(ErrorKind::internal, "from_doubles", "{} is no float type", name(dtype));
  return tensor;
}

Tensor scale_channels(const Tensor& weight, const std::vector<double>& factors,
                      const std::function<std::int64_t(std::int64_t)>& channel) {
  Tensor scaled = Tensor::allocate(weight.dtype(), weight.shape());
  const bool is_float = with_conversion(weight.dtype(), [&](auto stored, const auto& load, const auto& store) {
    const auto* from = weight.data<decltype(stored)>();
    auto* to = scaled.mutable_data<decltype(stored)>();
    for (std::int64_t i = 0; i < weight.size(); ++i) {
      to[i] = store(load(from[i]) * factors[static_cast<std::size_t>(channel(i))]);
    }
  });
  if (!is_float) fail(ErrorKind::internal, "scale_channels", "{} is no float type", name(weight.dtype()));
  return scaled;
}

}  // namespace zeropoint
