#include "kernels/table/table.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace zeropoint {
namespace {

#if defined(__x86_64__)

bool has_vbmi() {
  static const bool has = __builtin_cpu_supports("avx512vbmi") != 0 && __builtin_cpu_supports("avx512bw") != 0;
  return has;
}

/// n is a multiple of 64.
__attribute__((target("avx512f,avx512bw,avx512vbmi"))) void table_vbmi(const std::uint8_t* x, std::int64_t n,
                                                                       const CodeTable256& table, std::uint8_t* y) {
  const __m512i t0 = _mm512_loadu_si512(table.data());
  const __m512i t1 = _mm512_loadu_si512(table.data() + 64);
  const __m512i t2 = _mm512_loadu_si512(table.data() + 128);
  const __m512i t3 = _mm512_loadu_si512(table.data() + 192);
  for (std::int64_t i = 0; i < n; i += 64) {
    const __m512i at = _mm512_loadu_si512(x + i);  // the low seven bits choose an entry, the highest a half
    const __m512i lower = _mm512_permutex2var_epi8(t0, at, t1);
    const __m512i upper = _mm512_permutex2var_epi8(t2, at, t3);
    _mm512_storeu_si512(y + i, _mm512_mask_blend_epi8(_mm512_movepi8_mask(at), lower, upper));
  }
}

#else

bool has_vbmi() { return false; }
void table_vbmi(const std::uint8_t* x, std::int64_t n, const CodeTable256& table, std::uint8_t* y) {
  reference::table_u8(x, n, table, y);
}

#endif

}  // namespace

void table_u8(const std::uint8_t* x, std::int64_t n, const CodeTable256& table, std::uint8_t* y) {
  const std::int64_t whole = has_vbmi() ? n / 64 * 64 : 0;
  table_vbmi(x, whole, table, y);
  reference::table_u8(x + whole, n - whole, table, y + whole);
}

}  // namespace zeropoint
