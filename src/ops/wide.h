// Computing with every numeric type without instantiating every operator for every type: elements
// are widened one block at a time to float, double, int64 or uint64, computed there, and narrowed.
//
// float16, bfloat16 and the smaller floats compute as float and round once on the way back;
// integers wrap to their own width (two's complement), as ONNX and C do.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/float8.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

enum class Wide : std::uint8_t { f32, f64, i64, u64 };

/// float64 computes as f64, other floats as f32, uint64 as u64, other integers and boolean as i64.
Wide wide_of(DType dtype);

/// False for strings and complex numbers.
bool has_wide(DType dtype);

constexpr std::int64_t kWideBlock = 256;

/// Room for one block of any wide type.
struct WideBlock {
  alignas(64) std::byte bytes[kWideBlock * 8];

  template <class T>
  T* as() {
    return reinterpret_cast<T*>(bytes);
  }
};

/// Elements [first, first + n) of `src` as wide_of(dtype).
void load_wide(DType dtype, const void* src, std::int64_t first, std::int64_t n, void* wide);

/// The inverse, into elements [first, first + n) of `dst`. Types below 8 bits: `first` must be even
/// (divisible by 4 for 2 bits), and writers of neighbouring ranges must not share a byte.
void store_wide(DType dtype, void* dst, std::int64_t first, std::int64_t n, const void* wide);

/// Converts a block between wide types. A float outside the target's range, or NaN, gives the lowest integer.
void convert_wide(Wide from, const void* src, Wide to, void* dst, std::int64_t n);

/// How store_small_float() treats what does not fit; ONNX Cast-24.
struct SmallFloatOptions {
  bool saturate = true;
  E8M0Rounding e8m0 = E8M0Rounding::up;
};

/// Stores wide floats (f32 or f64) as an 8-bit or 4-bit float type.
void store_small_float(DType dtype, void* dst, std::int64_t first, std::int64_t n, Wide from, const void* wide,
                       SmallFloatOptions options);

}  // namespace zeropoint
