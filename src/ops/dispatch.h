// From a DType to a C++ type: for_number(site, dtype, [&]<class T>() { ... }).
#pragma once

#include <cstdint>
#include <utility>

#include "ops/op.h"

namespace zeropoint {

/// Calls body<T>() with the C++ type of `dtype`, an integer or floating-point type that C++ has.
template <class Body>
decltype(auto) for_number(const OpSite& site, DType dtype, Body&& body) {
  switch (dtype) {
    case DType::f32:
      return body.template operator()<float>();
    case DType::f64:
      return body.template operator()<double>();
    case DType::i64:
      return body.template operator()<std::int64_t>();
    case DType::i32:
      return body.template operator()<std::int32_t>();
    case DType::i16:
      return body.template operator()<std::int16_t>();
    case DType::i8:
      return body.template operator()<std::int8_t>();
    case DType::u64:
      return body.template operator()<std::uint64_t>();
    case DType::u32:
      return body.template operator()<std::uint32_t>();
    case DType::u16:
      return body.template operator()<std::uint16_t>();
    case DType::u8:
      return body.template operator()<std::uint8_t>();
    default:
      site.unsupported("{} is not offered", name(dtype));
  }
}

/// The same, with bool seen as uint8.
template <class Body>
decltype(auto) for_number_or_bool(const OpSite& site, DType dtype, Body&& body) {
  return for_number(site, dtype == DType::boolean ? DType::u8 : dtype, std::forward<Body>(body));
}

/// The same for float32 and float64.
template <class Body>
decltype(auto) for_float(const OpSite& site, DType dtype, Body&& body) {
  switch (dtype) {
    case DType::f32:
      return body.template operator()<float>();
    case DType::f64:
      return body.template operator()<double>();
    default:
      site.unsupported("{} is not offered", name(dtype));
  }
}

struct Bytes16 {
  std::uint64_t low, high;
};

/// Calls body<T>() with a type of the size of `dtype`, for operators that only move elements.
template <class Body>
decltype(auto) for_size(const OpSite& site, DType dtype, Body&& body) {
  switch (bits(dtype)) {
    case 8:
      return body.template operator()<std::uint8_t>();
    case 16:
      return body.template operator()<std::uint16_t>();
    case 32:
      return body.template operator()<std::uint32_t>();
    case 64:
      return body.template operator()<std::uint64_t>();
    case 128:
      return body.template operator()<Bytes16>();
    default:
      site.unsupported("{} elements are not offered", name(dtype));
  }
}

}  // namespace zeropoint
