#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dequantize/dequantize.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>

#include "kernels/dequantize/dequantize.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

template <class Code>
void dequantize(const Code* q, std::int64_t n, QParams grid, float* x, Store) {
  reference::dequantize_f32(q, n, grid, x);
}

#else

template <class Code, bool kStream>
void run(const Code* HWY_RESTRICT q, std::int64_t n, QParams grid, float* HWY_RESTRICT x) {
  const F32 f;
  const I32 i32;
  const hn::Rebind<Code, F32> narrow;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(f));
  const VI32 zero_point = hn::Set(i32, grid.zero_point);
  const VF32 scale = hn::Set(f, grid.scale);
  const auto one = [&](const Code* from, float* to) HWY_ATTR {
    const VI32 steps = hn::Sub(hn::PromoteTo(i32, hn::LoadU(narrow, from)), zero_point);
    const VF32 value = hn::Mul(hn::ConvertTo(f, steps), scale);
    if constexpr (kStream) {
      hn::Stream(value, f, to);
    } else {
      hn::StoreU(value, f, to);
    }
  };
  std::int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    one(q + i, x + i);
    one(q + i + lanes, x + i + lanes);
    one(q + i + 2 * lanes, x + i + 2 * lanes);
    one(q + i + 3 * lanes, x + i + 3 * lanes);
  }
  for (; i + lanes <= n; i += lanes) one(q + i, x + i);
  reference::dequantize_f32(q + i, n - i, grid, x + i);
}

template <class Code>
void dequantize(const Code* q, std::int64_t n, QParams grid, float* x, Store store) {
  const auto unaligned_bytes = (0 - reinterpret_cast<std::uintptr_t>(x)) % HWY_MAX_BYTES;
  const auto head = static_cast<std::int64_t>(unaligned_bytes / sizeof(float));
  if (store == Store::cached || n <= head || unaligned_bytes % sizeof(float) != 0) {
    run<Code, false>(q, n, grid, x);
    return;
  }
  run<Code, false>(q, head, grid, x);
  run<Code, true>(q + head, n - head, grid, x + head);
  hwy::FlushStream();
}

#endif

void from_u8(const std::uint8_t* q, std::int64_t n, QParams grid, float* x, Store store) {
  dequantize(q, n, grid, x, store);
}
void from_i8(const std::int8_t* q, std::int64_t n, QParams grid, float* x, Store store) {
  dequantize(q, n, grid, x, store);
}
void from_u16(const std::uint16_t* q, std::int64_t n, QParams grid, float* x, Store store) {
  dequantize(q, n, grid, x, store);
}
void from_i16(const std::int16_t* q, std::int64_t n, QParams grid, float* x, Store store) {
  dequantize(q, n, grid, x, store);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(from_u8);
HWY_EXPORT(from_i8);
HWY_EXPORT(from_u16);
HWY_EXPORT(from_i16);
}  // namespace

void dequantize_u8_f32(const std::uint8_t* q, std::int64_t n, QParams grid, float* x, Store store) {
  HWY_DYNAMIC_DISPATCH(from_u8)(q, n, grid, x, store);
}
void dequantize_i8_f32(const std::int8_t* q, std::int64_t n, QParams grid, float* x, Store store) {
  HWY_DYNAMIC_DISPATCH(from_i8)(q, n, grid, x, store);
}
void dequantize_u16_f32(const std::uint16_t* q, std::int64_t n, QParams grid, float* x, Store store) {
  HWY_DYNAMIC_DISPATCH(from_u16)(q, n, grid, x, store);
}
void dequantize_i16_f32(const std::int16_t* q, std::int64_t n, QParams grid, float* x, Store store) {
  HWY_DYNAMIC_DISPATCH(from_i16)(q, n, grid, x, store);
}

}  // namespace zeropoint
#endif
