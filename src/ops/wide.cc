#include "ops/wide.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/fail.h"
#include "kernels/convert/convert.h"

namespace zeropoint {
namespace {

template <class T, class W>
void widen(const void* src, std::int64_t first, std::int64_t n, void* wide) {
  const T* x = static_cast<const T*>(src) + first;
  W* y = static_cast<W*>(wide);
  for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<W>(x[i]);
}

template <class T, class W>
void narrow(void* dst, std::int64_t first, std::int64_t n, const void* wide) {
  const W* x = static_cast<const W*>(wide);
  T* y = static_cast<T*>(dst) + first;
  for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<T>(x[i]);
}

/// Codes of 2 or 4 bits, low bits first in each byte.
std::uint8_t packed_code(const std::uint8_t* bytes, int width, std::int64_t i) {
  const std::int64_t per_byte = 8 / width;
  return static_cast<std::uint8_t>((bytes[i / per_byte] >> (i % per_byte * width)) & ((1 << width) - 1));
}

void set_packed_code(std::uint8_t* bytes, int width, std::int64_t i, unsigned code) {
  const std::int64_t per_byte = 8 / width;
  const int shift = static_cast<int>(i % per_byte) * width;
  const unsigned mask = (1U << width) - 1U;
  std::uint8_t& byte = bytes[i / per_byte];
  if (shift == 0) byte = 0;  // the first code of a byte also clears the padding
  byte = static_cast<std::uint8_t>((byte & ~(mask << shift)) | ((code & mask) << shift));
}

void load_packed(DType dtype, const void* src, std::int64_t first, std::int64_t n, std::int64_t* y) {
  const auto* bytes = static_cast<const std::uint8_t*>(src);
  const int width = bits(dtype);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t code = packed_code(bytes, width, first + i);
    const bool negative = is_signed(dtype) && (code >> (width - 1)) != 0;
    y[i] = negative ? code - (1 << width) : code;
  }
}

void load_small_float(DType dtype, const void* src, std::int64_t first, std::int64_t n, float* y) {
  const auto* bytes = static_cast<const std::uint8_t*>(src);
  const SmallFloat* format = small_float(dtype);
  for (std::int64_t i = 0; i < n; ++i) {
    if (format == nullptr) {
      y[i] = decode_e8m0(bytes[first + i]);
    } else {
      y[i] = decode(bits(dtype) == 4 ? packed_code(bytes, 4, first + i) : bytes[first + i], *format);
    }
  }
}

template <class F, class I>
void float_to_integer(const void* src, void* dst, std::int64_t n) {
  const F* x = static_cast<const F*>(src);
  I* y = static_cast<I*>(dst);
  constexpr F kLowest = static_cast<F>(std::numeric_limits<I>::min());
  constexpr F kBeyond = static_cast<F>(std::uint64_t{1} << (std::numeric_limits<I>::digits - 1)) * 2;
  for (std::int64_t i = 0; i < n; ++i) {
    // A negative float wraps in uint64 as it would in int64.
    if constexpr (std::is_unsigned_v<I>) {
      if (x[i] < 0 && x[i] >= static_cast<F>(std::numeric_limits<std::int64_t>::min())) {
        y[i] = static_cast<I>(static_cast<std::int64_t>(x[i]));
        continue;
      }
    }
    y[i] = x[i] >= kLowest && x[i] < kBeyond ? static_cast<I>(x[i]) : std::numeric_limits<I>::min();
  }
}

template <class T, class W>
void cast_block(const void* src, void* dst, std::int64_t n) {
  widen<T, W>(src, 0, n, dst);
}

[[noreturn]] void no_wide(DType dtype) {
  fail(ErrorKind::internal, std::string(name(dtype)), "there is no arithmetic on this type");
}

}  // namespace

bool has_wide(DType dtype) {
  return dtype != DType::undefined && dtype != DType::string && dtype != DType::c64 && dtype != DType::c128;
}

Wide wide_of(DType dtype) {
  if (dtype == DType::f64) return Wide::f64;
  if (dtype == DType::u64) return Wide::u64;
  return is_float(dtype) ? Wide::f32 : Wide::i64;
}

void load_wide(DType dtype, const void* src, std::int64_t first, std::int64_t n, void* wide) {
  switch (dtype) {
    case DType::f32:
      return widen<float, float>(src, first, n, wide);
    case DType::f64:
      return widen<double, double>(src, first, n, wide);
    case DType::u8:
    case DType::boolean:
      return widen<std::uint8_t, std::int64_t>(src, first, n, wide);
    case DType::i8:
      return widen<std::int8_t, std::int64_t>(src, first, n, wide);
    case DType::u16:
      return widen<std::uint16_t, std::int64_t>(src, first, n, wide);
    case DType::i16:
      return widen<std::int16_t, std::int64_t>(src, first, n, wide);
    case DType::u32:
      return widen<std::uint32_t, std::int64_t>(src, first, n, wide);
    case DType::i32:
      return widen<std::int32_t, std::int64_t>(src, first, n, wide);
    case DType::i64:
    case DType::u64:
      return widen<std::int64_t, std::int64_t>(src, first, n, wide);
    case DType::f16:
    case DType::bf16: {
      const auto* x = static_cast<const std::uint16_t*>(src) + first;
      return (dtype == DType::f16 ? convert_f16_f32 : convert_bf16_f32)(x, static_cast<float*>(wide), n);
    }
    case DType::u4:
    case DType::i4:
    case DType::u2:
    case DType::i2:
      return load_packed(dtype, src, first, n, static_cast<std::int64_t*>(wide));
    default:
      if (!has_wide(dtype)) no_wide(dtype);
      return load_small_float(dtype, src, first, n, static_cast<float*>(wide));
  }
}

void store_wide(DType dtype, void* dst, std::int64_t first, std::int64_t n, const void* wide) {
  switch (dtype) {
    case DType::f32:
      return narrow<float, float>(dst, first, n, wide);
    case DType::f64:
      return narrow<double, double>(dst, first, n, wide);
    case DType::boolean: {
      const auto* x = static_cast<const std::int64_t*>(wide);
      auto* y = static_cast<std::uint8_t*>(dst) + first;
      for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] != 0;
      return;
    }
    case DType::u8:
    case DType::i8:
      return narrow<std::uint8_t, std::int64_t>(dst, first, n, wide);
    case DType::u16:
    case DType::i16:
      return narrow<std::uint16_t, std::int64_t>(dst, first, n, wide);
    case DType::u32:
    case DType::i32:
      return narrow<std::uint32_t, std::int64_t>(dst, first, n, wide);
    case DType::i64:
    case DType::u64:
      return narrow<std::int64_t, std::int64_t>(dst, first, n, wide);
    case DType::f16:
      return convert_f32_f16(static_cast<const float*>(wide), static_cast<std::uint16_t*>(dst) + first, n);
    case DType::bf16:
      return convert_f32_bf16(static_cast<const float*>(wide), static_cast<std::uint16_t*>(dst) + first, n);
    case DType::u4:
    case DType::i4:
    case DType::u2:
    case DType::i2: {
      const auto* x = static_cast<const std::int64_t*>(wide);
      for (std::int64_t i = 0; i < n; ++i) {
        set_packed_code(static_cast<std::uint8_t*>(dst), bits(dtype), first + i, static_cast<unsigned>(x[i]));
      }
      return;
    }
    default:
      if (!has_wide(dtype)) no_wide(dtype);
      return store_small_float(dtype, dst, first, n, Wide::f32, wide, {});
  }
}

void store_small_float(DType dtype, void* dst, std::int64_t first, std::int64_t n, Wide from, const void* wide,
                       SmallFloatOptions options) {
  auto* bytes = static_cast<std::uint8_t*>(dst);
  const SmallFloat* format = small_float(dtype);
  for (std::int64_t i = 0; i < n; ++i) {
    const double x = from == Wide::f64 ? static_cast<const double*>(wide)[i] : static_cast<const float*>(wide)[i];
    const std::uint8_t code =
        format == nullptr ? encode_e8m0(x, options.e8m0, options.saturate) : encode(x, *format, options.saturate);
    if (bits(dtype) == 4) {
      set_packed_code(bytes, 4, first + i, code);
    } else {
      bytes[first + i] = code;
    }
  }
}

void convert_wide(Wide from, const void* src, Wide to, void* dst, std::int64_t n) {
  using Convert = void (*)(const void*, void*, std::int64_t);
  using I = std::int64_t;
  using U = std::uint64_t;
  static constexpr Convert kConvert[4][4] = {
      {cast_block<float, float>, cast_block<float, double>, float_to_integer<float, I>, float_to_integer<float, U>},
      {cast_block<double, float>, cast_block<double, double>, float_to_integer<double, I>, float_to_integer<double, U>},
      {cast_block<I, float>, cast_block<I, double>, cast_block<I, I>, cast_block<I, U>},
      {cast_block<U, float>, cast_block<U, double>, cast_block<U, I>, cast_block<U, U>},
  };
  kConvert[static_cast<int>(from)][static_cast<int>(to)](src, dst, n);
}

}  // namespace zeropoint
