#include "harness/anchors.h"

#include <immintrin.h>

#include <cstring>

namespace zeropoint::bench {
namespace {

const bool kHasAvx512 = __builtin_cpu_supports("avx512f") != 0;
const bool kHasVnni = __builtin_cpu_supports("avx512vnni") != 0;

__attribute__((target("avx512f"))) float fma_avx512(std::int64_t iterations) {
  __m512 a[12];
  for (__m512& v : a) v = _mm512_set1_ps(1.0F);
  const __m512 x = _mm512_set1_ps(0.999F);
  for (std::int64_t i = 0; i < iterations; ++i) {
#pragma GCC unroll 12
    for (int k = 0; k < 12; ++k) a[k] = _mm512_fmadd_ps(a[k], x, x);
  }
  __m512 sum = a[0];
  for (int k = 1; k < 12; ++k) sum = _mm512_add_ps(sum, a[k]);
  return _mm512_reduce_add_ps(sum);
}

__attribute__((target("avx512f,avx512vnni"))) std::int32_t dot_avx512(std::int64_t iterations) {
  __m512i a[12];
  for (__m512i& v : a) v = _mm512_setzero_si512();
  const __m512i x = _mm512_set1_epi8(1);
  for (std::int64_t i = 0; i < iterations; ++i) {
#pragma GCC unroll 12
    for (int k = 0; k < 12; ++k) a[k] = _mm512_dpbusd_epi32(a[k], x, x);
  }
  __m512i sum = a[0];
  for (int k = 1; k < 12; ++k) sum = _mm512_add_epi32(sum, a[k]);
  return _mm512_reduce_add_epi32(sum);
}

/// Some arithmetic on every line: some processors read faster when their prefetchers are not outrun.
__attribute__((target("avx512f"))) float read_avx512(const float* x, std::size_t n) {
  const __m512 zero = _mm512_setzero_ps();
  __m512 most[4], least[4], sum[4];
  for (int k = 0; k < 4; ++k) most[k] = least[k] = sum[k] = zero;
  for (std::size_t i = 0; i + 64 <= n; i += 64) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      const __m512 v = _mm512_loadu_ps(x + i + 16 * k);
      most[k] = _mm512_max_ps(v, most[k]);
      least[k] = _mm512_min_ps(v, least[k]);
      sum[k] = _mm512_fmadd_ps(v, zero, sum[k]);
    }
  }
  __m512 all = zero;
  for (int k = 0; k < 4; ++k) all = _mm512_add_ps(all, _mm512_add_ps(_mm512_add_ps(most[k], least[k]), sum[k]));
  return _mm512_reduce_add_ps(all);
}

/// One word of every line.
std::int64_t read_lines(const std::int64_t* x, std::size_t n) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i + 8 <= n; i += 8) sum += x[i];
  return sum;
}

__attribute__((target("avx512f"))) void stream_avx512(char* to, const char* from, std::size_t bytes) {
  for (std::size_t i = 0; i + 64 <= bytes; i += 64) {
    _mm_prefetch(from + i + 8192, _MM_HINT_T0);
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to + i), _mm512_loadu_si512(from + i));
  }
  _mm_sfence();
}

}  // namespace

float fma_loop(std::int64_t iterations) {
  if (kHasAvx512) return fma_avx512(iterations);
  float sum = 1;
  for (std::int64_t i = 0; i < iterations; ++i) sum = sum * 0.999F + 0.999F;
  return sum;
}

std::int32_t vnni_loop(std::int64_t iterations) { return kHasVnni ? dot_avx512(iterations) : 0; }

double read_all(const void* data, std::size_t bytes) {
  if (kHasAvx512) return read_avx512(static_cast<const float*>(data), bytes / sizeof(float));
  return static_cast<double>(read_every_line(data, bytes));
}

std::int64_t read_every_line(const void* data, std::size_t bytes) {
  return read_lines(static_cast<const std::int64_t*>(data), bytes / sizeof(std::int64_t));
}

void copy_streaming(void* to, const void* from, std::size_t bytes) {
  if (!kHasAvx512) return static_cast<void>(std::memcpy(to, from, bytes));
  stream_avx512(static_cast<char*>(to), static_cast<const char*>(from), bytes);
}

}  // namespace zeropoint::bench
