#include "data/convert.h"

#include <cmath>
#include <cstdint>
#include <limits>

#include "base/fail.h"
#include "base/float16.h"

namespace zeropoint {
namespace {

/// Calls body with a pointer to the elements as their C++ type and a function that makes numbers of them.
template <class Body>
bool with_source(const Tensor& tensor, Body&& body) {
  const auto same = [](auto v) { return v; };
  switch (tensor.dtype()) {
    case DType::boolean:
      body(tensor.data<std::uint8_t>(), [](std::uint8_t v) { return static_cast<std::uint8_t>(v != 0); });
      return true;
    case DType::u8:
      body(tensor.data<std::uint8_t>(), same);
      return true;
    case DType::i8:
      body(tensor.data<std::int8_t>(), same);
      return true;
    case DType::u16:
      body(tensor.data<std::uint16_t>(), same);
      return true;
    case DType::i16:
      body(tensor.data<std::int16_t>(), same);
      return true;
    case DType::u32:
      body(tensor.data<std::uint32_t>(), same);
      return true;
    case DType::i32:
      body(tensor.data<std::int32_t>(), same);
      return true;
    case DType::u64:
      body(tensor.data<std::uint64_t>(), same);
      return true;
    case DType::i64:
      body(tensor.data<std::int64_t>(), same);
      return true;
    case DType::f16:
      body(tensor.data<std::uint16_t>(), [](std::uint16_t v) { return f16_to_f32(v); });
      return true;
    case DType::bf16:
      body(tensor.data<std::uint16_t>(), [](std::uint16_t v) { return bf16_to_f32(v); });
      return true;
    case DType::f32:
      body(tensor.data<float>(), same);
      return true;
    case DType::f64:
      body(tensor.data<double>(), same);
      return true;
    default:
      return false;
  }
}

/// Whether `value` is whole and lies in the range of Integer.
template <class Integer, class Value>
bool fits(Value value) {
  using Limits = std::numeric_limits<Integer>;
  if constexpr (std::is_floating_point_v<Value>) {
    // 2^bits is exact as a double, the largest 64-bit integer is not.
    const double end = std::ldexp(1.0, Limits::digits);
    const auto wide = static_cast<double>(value);
    return wide == std::floor(wide) && wide >= static_cast<double>(Limits::min()) && wide < end;
  } else {
    return std::in_range<Integer>(value);
  }
}

template <class Integer>
Tensor to_integers(const Tensor& tensor, DType wanted, const std::string& where) {
  Tensor out = Tensor::allocate(wanted, tensor.shape());
  auto* to = static_cast<Integer*>(out.mutable_raw());
  with_source(tensor, [&](const auto* from, auto number) {
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      const auto value = number(from[i]);
      if (!fits<Integer>(value)) {
        fail(ErrorKind::invalid_data, where, "is {}; the model wants {}, which has no {} (element {})",
             name(tensor.dtype()), name(wanted), value, i);
      }
      to[i] = static_cast<Integer>(value);
    }
  });
  return out;
}

template <class Stored, class Round>
Tensor to_floats(const Tensor& tensor, DType wanted, Round round) {
  Tensor out = Tensor::allocate(wanted, tensor.shape());
  auto* to = static_cast<Stored*>(out.mutable_raw());
  with_source(tensor, [&](const auto* from, auto number) {
    for (std::int64_t i = 0; i < tensor.size(); ++i) to[i] = round(number(from[i]));
  });
  return out;
}

}  // namespace

Tensor convert(const Tensor& tensor, DType wanted, const std::string& where) {
  if (tensor.dtype() == wanted) return tensor;
  if (with_source(tensor, [](const auto*, auto) {})) {
    switch (wanted) {
      case DType::boolean:
        if (is_integer(tensor.dtype())) return to_floats<bool>(tensor, wanted, [](auto v) { return v != 0; });
        break;
      case DType::u8:
        return to_integers<std::uint8_t>(tensor, wanted, where);
      case DType::i8:
        return to_integers<std::int8_t>(tensor, wanted, where);
      case DType::u16:
        return to_integers<std::uint16_t>(tensor, wanted, where);
      case DType::i16:
        return to_integers<std::int16_t>(tensor, wanted, where);
      case DType::u32:
        return to_integers<std::uint32_t>(tensor, wanted, where);
      case DType::i32:
        return to_integers<std::int32_t>(tensor, wanted, where);
      case DType::u64:
        return to_integers<std::uint64_t>(tensor, wanted, where);
      case DType::i64:
        return to_integers<std::int64_t>(tensor, wanted, where);
      case DType::f32:
        return to_floats<float>(tensor, wanted, [](auto v) { return static_cast<float>(v); });
      case DType::f64:
        return to_floats<double>(tensor, wanted, [](auto v) { return static_cast<double>(v); });
      case DType::f16:
        return to_floats<std::uint16_t>(tensor, wanted, [](auto v) { return f32_to_f16(static_cast<float>(v)); });
      case DType::bf16:
        return to_floats<std::uint16_t>(tensor, wanted, [](auto v) { return f32_to_bf16(static_cast<float>(v)); });
      default:
        break;
    }
  }
  fail(ErrorKind::invalid_data, where, "is {}; the model wants {}", name(tensor.dtype()), name(wanted));
}

}  // namespace zeropoint
