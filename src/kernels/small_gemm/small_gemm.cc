#include "kernels/small_gemm/small_gemm.h"

#include <cstddef>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/small_gemm/small_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// Arrays of vectors live in registers only when every loop over them is unrolled.
#if defined(__clang__)
#define ZP_UNROLL _Pragma("unroll")
#else
#define ZP_UNROLL _Pragma("GCC unroll 16")
#endif

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

void SmallGemmVectors(const SmallGemm& g) { reference::small_gemm(g); }

#else

using F = hn::ScalableTag<float>;

/// C[kRows][kVectors * lanes]: the accumulators stay in registers while k runs.
template <int kRows, int kVectors, class D = F>
HWY_INLINE void Block(const SmallGemm& g, const float* a, const float* b, float* c) {
  using V = hn::Vec<D>;
  const D d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V sum[kRows][kVectors];
  ZP_UNROLL
  for (int i = 0; i < kRows; ++i) {
    ZP_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      sum[i][v] = g.accumulate ? hn::LoadU(d, c + i * g.ldc + v * lanes) : hn::Zero(d);
    }
  }
  for (std::int64_t p = 0; p < g.k; ++p) {
    V line[kVectors];
    ZP_UNROLL
    for (int v = 0; v < kVectors; ++v) line[v] = hn::LoadU(d, b + p * g.ldb + v * lanes);
    ZP_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const V factor = hn::Set(d, a[i * g.lda + p]);
      ZP_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[i][v] = hn::MulAdd(factor, line[v], sum[i][v]);
    }
  }
  ZP_UNROLL
  for (int i = 0; i < kRows; ++i) {
    ZP_UNROLL
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[i][v], d, c + i * g.ldc + v * lanes);
  }
}

/// The last `columns` of a row, which do not fill a vector: computed with the ones before them, stored alone.
HWY_INLINE void Tail(const SmallGemm& g, const float* a, float* c, std::int64_t columns) {
  const F d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const float* b = g.b + g.n - lanes;
  auto sum = g.accumulate ? hn::LoadU(d, c + g.n - lanes) : hn::Zero(d);
  for (std::int64_t p = 0; p < g.k; ++p) sum = hn::MulAdd(hn::Set(d, a[p]), hn::LoadU(d, b + p * g.ldb), sum);
  HWY_ALIGN float all[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(sum, d, all);
  std::memcpy(c + g.n - columns, all + lanes - columns, static_cast<std::size_t>(columns) * sizeof(float));
}

/// Rows of fewer columns than a vector has: shorter vectors, then columns one by one.
template <int kRows, std::size_t kLanes = HWY_MAX_BYTES / sizeof(float)>
HWY_INLINE void Narrow(const SmallGemm& g, const float* a, float* c, std::int64_t j) {
  using Short = hn::CappedTag<float, kLanes / 2>;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(Short()));
  for (; j + lanes <= g.n; j += lanes) Block<kRows, 1, Short>(g, a, g.b + j, c + j);
  if constexpr (kLanes > 2) Narrow<kRows, kLanes / 2>(g, a, c, j);
}

template <int kRows, int kVectors>
HWY_INLINE std::int64_t Blocks(const SmallGemm& g, const float* a, float* c, std::int64_t j) {
  const std::int64_t width = kVectors * static_cast<std::int64_t>(hn::Lanes(F()));
  for (; j + width <= g.n; j += width) Block<kRows, kVectors>(g, a, g.b + j, c + j);
  return j;
}

/// The widest blocks that fit: with few rows, several vectors side by side keep the multipliers busy.
template <int kRows>
HWY_INLINE void Rows(const SmallGemm& g, std::int64_t i) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(F()));
  const float* a = g.a + i * g.lda;
  float* c = g.c + i * g.ldc;
  std::int64_t j = 0;
  if constexpr (kRows == 1) j = Blocks<kRows, 8>(g, a, c, j);
  if constexpr (kRows == 1 || HWY_TARGET == HWY_AVX3) j = Blocks<kRows, 4>(g, a, c, j);
  j = Blocks<kRows, 2>(g, a, c, j);
  j = Blocks<kRows, 1>(g, a, c, j);
  if (g.n < lanes) return Narrow<kRows>(g, a, c, j);
  for (int row = 0; j < g.n && row < kRows; ++row) Tail(g, a + row * g.lda, c + row * g.ldc, g.n - j);
}

void SmallGemmVectors(const SmallGemm& g) {
  std::int64_t i = 0;
  for (; i + 4 <= g.m; i += 4) Rows<4>(g, i);
  for (; i < g.m; ++i) Rows<1>(g, i);
}

#endif

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#undef ZP_UNROLL

#if HWY_ONCE
namespace zeropoint {

HWY_EXPORT(SmallGemmVectors);

void small_gemm(const SmallGemm& gemm) { HWY_DYNAMIC_DISPATCH(SmallGemmVectors)(gemm); }

}  // namespace zeropoint
#endif
