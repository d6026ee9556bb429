#include "kernels/small_gemm/small_gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/small_gemm/small_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

void SmallGemmVectors(const SmallGemm& g) { reference::small_gemm(g); }

#else

using F = hn::ScalableTag<float>;
using V = hn::Vec<F>;

/// C[kRows][kVectors * lanes]: the accumulators stay in registers while k runs.
template <int kRows, int kVectors>
HWY_INLINE void Block(const SmallGemm& g, const float* a, const float* b, float* c) {
  const F d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V sum[kRows][kVectors];
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v) {
      sum[i][v] = g.accumulate ? hn::LoadU(d, c + i * g.ldc + v * lanes) : hn::Zero(d);
    }
  }
  for (std::int64_t p = 0; p < g.k; ++p) {
    V line[kVectors];
    for (int v = 0; v < kVectors; ++v) line[v] = hn::LoadU(d, b + p * g.ldb + v * lanes);
    for (int i = 0; i < kRows; ++i) {
      const V factor = hn::Set(d, a[i * g.lda + p]);
      for (int v = 0; v < kVectors; ++v) sum[i][v] = hn::MulAdd(factor, line[v], sum[i][v]);
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sum[i][v], d, c + i * g.ldc + v * lanes);
  }
}

/// The columns that do not fill a vector, one row at a time.
HWY_INLINE void Tail(const SmallGemm& g, const float* a, const float* b, float* c, std::int64_t columns) {
  const F d;
  const auto first = hn::FirstN(d, static_cast<std::size_t>(columns));
  V sum = g.accumulate ? hn::MaskedLoad(first, d, c) : hn::Zero(d);
  for (std::int64_t p = 0; p < g.k; ++p) {
    sum = hn::MulAdd(hn::Set(d, a[p]), hn::MaskedLoad(first, d, b + p * g.ldb), sum);
  }
  hn::BlendedStore(sum, first, d, c);
}

template <int kRows, int kVectors>
HWY_INLINE void Rows(const SmallGemm& g, std::int64_t i) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(F()));
  const float* a = g.a + i * g.lda;
  float* c = g.c + i * g.ldc;
  std::int64_t j = 0;
  for (; j + kVectors * lanes <= g.n; j += kVectors * lanes) Block<kRows, kVectors>(g, a, g.b + j, c + j);
  for (; j + lanes <= g.n; j += lanes) Block<kRows, 1>(g, a, g.b + j, c + j);
  for (int row = 0; j < g.n && row < kRows; ++row) Tail(g, a + row * g.lda, g.b + j, c + row * g.ldc + j, g.n - j);
}

void SmallGemmVectors(const SmallGemm& g) {
  std::int64_t i = 0;
  for (; i + 4 <= g.m; i += 4) Rows<4, 2>(g, i);
  for (; i < g.m; ++i) Rows<1, 8>(g, i);
}

#endif

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {

HWY_EXPORT(SmallGemmVectors);

void small_gemm(const SmallGemm& gemm) { HWY_DYNAMIC_DISPATCH(SmallGemmVectors)(gemm); }

}  // namespace zeropoint
#endif
