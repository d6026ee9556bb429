// float32 to 8-bit codes on one grid.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantize/quantize8.cc"
#include "hwy/foreach_target.h"
#include "kernels/prefetch.h"
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

constexpr std::int64_t kBlock = 4096;          // elements between two looks at the data's health
constexpr std::int64_t kPrefetchAhead = 2048;  // elements: 8 KB

/// Where a result goes, and whether its source is asked for ahead.
enum class Memory { cached, streaming, streaming_with_prefetch };

/// One block; true when every x was finite.
template <Way kWay, Memory kMemory, class Code>
bool quantize_block(const float* x, std::int64_t n, const CodeGrid& grid, const Divider& divider, Code* q) {
  const hn::ScalableTag<Code> d8;
  const OneGrid<Code, kWay> on_grid(divider, grid.zero_point);
  Codes8<Code, kWay> codes(grid.codes);
  std::int64_t i = 0;
  for (; i + kQuad <= n; i += kQuad) {
    const auto bytes = on_grid.four(x + i, codes);
    if constexpr (kMemory == Memory::streaming_with_prefetch) PrefetchVectors<4>(x + i + kPrefetchAhead);
    if constexpr (kMemory == Memory::cached) {
      hn::StoreU(bytes, d8, q + i);
    } else {
      hn::Stream(bytes, d8, q + i);
    }
  }
  if (i < n) on_grid.some(x + i, n - i, codes, q + i);
  if constexpr (kWay == Way::careful) return !codes.saw_non_finite();
  return !codes.is_suspicious() || quantize_block<Way::careful, Memory::cached>(x, n, grid, divider, q);
}

template <Memory kMemory, class Code>
bool run(const float* x, std::int64_t n, const CodeGrid& grid, Code* q) {
  const Divider divider = make_divider(grid.scale, kTieBits8);
  return with_fast_way<Code>(divider.is_exact, grid.codes, [&](auto way) {
    bool all_finite = true;
    for (std::int64_t i = 0; i < n; i += kBlock) {
      const std::int64_t size = std::min(kBlock, n - i);
      all_finite = quantize_block<way(), kMemory>(x + i, size, grid, divider, q + i) && all_finite;
    }
    return all_finite;
  });
}

template <class Code>
bool quantize(const float* x, std::int64_t n, const CodeGrid& grid, Code* q, Store store) {
  if (store == Store::cached) return run<Memory::cached>(x, n, grid, q);
  const auto unaligned = static_cast<std::int64_t>((0 - reinterpret_cast<std::uintptr_t>(q)) % HWY_MAX_BYTES);
  const std::int64_t head = std::min(n, unaligned);
  const bool head_finite = run<Memory::cached>(x, head, grid, q);
  const auto body =
      software_prefetch_pays() ? run<Memory::streaming_with_prefetch, Code> : run<Memory::streaming, Code>;
  const bool body_finite = body(x + head, n - head, grid, q + head);
  hwy::FlushStream();
  return head_finite && body_finite;
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
