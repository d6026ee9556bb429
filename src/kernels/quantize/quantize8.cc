// float32 to 8-bit codes on one grid.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantize/quantize8.cc"
#include "hwy/foreach_target.h"
#include "kernels/quantize/quantize8-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

template <class Code>
bool quantize(const float* x, std::int64_t n, const CodeGrid& grid, Code* q, Store) {
  return reference::quantize_f32(x, n, grid, q);
}

#else

constexpr std::int64_t kBlock = 4096;          // elements between two looks at the finiteness of the data
constexpr std::int64_t kPrefetchAhead = 1024;  // elements: 4 KB

template <class Code, bool kMultiply, bool kStream>
bool run(const float* x, std::int64_t n, const CodeGrid& grid, const Divider& divider, Code* q) {
  const OneGrid<Code, kMultiply> on_grid(divider, grid.zero_point);
  bool all_finite = true;
  for (std::int64_t begin = 0; begin < n; begin += kBlock) {
    const std::int64_t end = std::min(n, begin + kBlock);
    Codes8<Code> codes(grid.codes);
    std::int64_t i = begin;
    for (; i + kQuad <= end; i += kQuad) {
      if constexpr (kStream) {
        for (std::int64_t line = 0; line < kQuad; line += 16) hwy::Prefetch(x + i + kPrefetchAhead + line);
      }
      on_grid.template four<kStream>(x + i, codes, q + i);
    }
    if (i < end) on_grid.some(x + i, end - i, codes, q + i);
    if (HWY_UNLIKELY(codes.saw_non_finite())) {
      all_finite = reference::quantize_f32(x + begin, end - begin, grid, q + begin) && all_finite;
    }
  }
  return all_finite;
}

template <class Code>
bool quantize(const float* x, std::int64_t n, const CodeGrid& grid, Code* q, Store store) {
  const Divider divider = make_divider(grid.scale, kTieBits8);
  const bool multiply = multiplies(divider);
  const auto unaligned = static_cast<std::int64_t>((0 - reinterpret_cast<std::uintptr_t>(q)) % HWY_MAX_BYTES);
  if (store == Store::streaming && n > unaligned) {
    const bool head = quantize(x, unaligned, grid, q, Store::cached);
    x += unaligned;
    q += unaligned;
    n -= unaligned;
    const bool body =
        multiply ? run<Code, true, true>(x, n, grid, divider, q) : run<Code, false, true>(x, n, grid, divider, q);
    hwy::FlushStream();
    return head && body;
  }
  return multiply ? run<Code, true, false>(x, n, grid, divider, q) : run<Code, false, false>(x, n, grid, divider, q);
}

#endif

bool quantize_u8(const float* x, std::int64_t n, const CodeGrid& grid, std::uint8_t* q, Store store) {
  return quantize(x, n, grid, q, store);
}
bool quantize_i8(const float* x, std::int64_t n, const CodeGrid& grid, std::int8_t* q, Store store) {
  return quantize(x, n, grid, q, store);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(quantize_u8);
HWY_EXPORT(quantize_i8);
}  // namespace

bool quantize_f32_u8(const float* x, std::int64_t n, const CodeGrid& grid, std::uint8_t* q, Store store) {
  return HWY_DYNAMIC_DISPATCH(quantize_u8)(x, n, grid, q, store);
}
bool quantize_f32_i8(const float* x, std::int64_t n, const CodeGrid& grid, std::int8_t* q, Store store) {
  return HWY_DYNAMIC_DISPATCH(quantize_i8)(x, n, grid, q, store);
}

}  // namespace zeropoint
#endif
