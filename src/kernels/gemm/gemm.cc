#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm/gemm.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/parallel.h"
#include "kernels/gemm/gemm.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

constexpr std::int64_t kPanel = 1;

void rows_of_panel(const Gemm& gemm, const float* panel, std::int64_t column, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) {
    float sum = 0;
    for (std::int64_t p = 0; p < gemm.k; ++p) sum += gemm.a[i * gemm.a_row_step + p] * panel[p];
    float& c = gemm.c[i * gemm.c_row_step + column];
    sum *= gemm.alpha;
    if (gemm.bias != nullptr) sum += gemm.bias[column];
    if (gemm.adds_c) sum += c;
    c = std::min(std::max(sum, gemm.lowest), gemm.highest);
  }
}

std::int64_t panel_width() { return kPanel; }

#else

// Accumulators, one row of the panel and a broadcast must fit the registers: 12 * 2 + 2 + 1 of 32, 6 * 2 + 2 + 1 of 16.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_NEON
constexpr int kRows = 12;
#else
constexpr int kRows = 6;
#endif

std::int64_t lanes() { return static_cast<std::int64_t>(hn::Lanes(F32())); }
std::int64_t panel_width() { return 2 * lanes(); }

/// c[0..kTile, 0..columns) from kTile rows of a and one panel of two vectors.
template <int kTile>
void tile(const Gemm& gemm, const float* HWY_RESTRICT panel, std::int64_t row, std::int64_t column) {
  const F32 f;
  const std::int64_t width = panel_width();
  const float* HWY_RESTRICT a = gemm.a + row * gemm.a_row_step;
  const std::int64_t step = gemm.a_row_step;
  VF32 left[kTile];
  VF32 right[kTile];
  HWY_UNROLL(16)
  for (int i = 0; i < kTile; ++i) left[i] = right[i] = hn::Zero(f);
  if (gemm.adds_c) {  // what is added to arrives while the products are summed
    for (int i = 0; i < kTile; ++i) PrefetchVectors<2>(gemm.c + (row + i) * gemm.c_row_step + column);
  }
  for (std::int64_t p = 0; p < gemm.k; ++p) {
    const VF32 b0 = hn::LoadU(f, panel);
    const VF32 b1 = hn::LoadU(f, panel + lanes());
    panel += width;
    HWY_UNROLL(16)
    for (int i = 0; i < kTile; ++i) {
      const VF32 x = hn::Set(f, a[i * step + p]);
      left[i] = hn::MulAdd(x, b0, left[i]);
      right[i] = hn::MulAdd(x, b1, right[i]);
    }
  }
  const std::int64_t columns = std::min(width, gemm.n - column);
  const auto bytes = static_cast<std::size_t>(columns) * sizeof(float);
  HWY_ALIGN float edge[2 * HWY_LANES(float)] = {};
  HWY_ALIGN float bias[2 * HWY_LANES(float)] = {};
  if (gemm.bias != nullptr) std::memcpy(bias, gemm.bias + column, bytes);
  const VF32 alpha = hn::Set(f, gemm.alpha);
  const VF32 lowest = hn::Set(f, gemm.lowest);
  const VF32 highest = hn::Set(f, gemm.highest);
  const auto finish = [&](VF32 sum, const float* add, const float* c) HWY_ATTR {
    VF32 v = hn::Add(hn::Mul(sum, alpha), hn::Load(f, add));
    if (gemm.adds_c) v = hn::Add(v, hn::LoadU(f, c));
    return hn::Min(hn::Max(v, lowest), highest);
  };
  HWY_UNROLL(16)
  for (int i = 0; i < kTile; ++i) {
    float* c = gemm.c + (row + i) * gemm.c_row_step + column;
    if (columns == width) {
      hn::StoreU(finish(left[i], bias, c), f, c);
      hn::StoreU(finish(right[i], bias + lanes(), c + lanes()), f, c + lanes());
    } else {
      if (gemm.adds_c) std::memcpy(edge, c, bytes);
      hn::Store(finish(left[i], bias, edge), f, edge);
      hn::Store(finish(right[i], bias + lanes(), edge + lanes()), f, edge + lanes());
      std::memcpy(c, edge, bytes);
    }
  }
}

void rows_of_panel(const Gemm& gemm, const float* panel, std::int64_t column, std::int64_t begin, std::int64_t end) {
  std::int64_t i = begin;
  for (; i + kRows <= end; i += kRows) tile<kRows>(gemm, panel, i, column);
  for (; i + 4 <= end; i += 4) tile<4>(gemm, panel, i, column);
  for (; i + 2 <= end; i += 2) tile<2>(gemm, panel, i, column);
  for (; i < end; ++i) tile<1>(gemm, panel, i, column);
}

#endif

std::int64_t GemmPanelWidth() { return panel_width(); }

/// Rows [row_begin, row_end) of the panels [panel_begin, panel_end).
void GemmBlock(const Gemm& gemm, std::int64_t row_begin, std::int64_t row_end, std::int64_t panel_begin,
               std::int64_t panel_end) {
  const std::int64_t width = panel_width();
  for (std::int64_t panel = panel_begin; panel < panel_end; ++panel) {
    rows_of_panel(gemm, gemm.b + panel * width * gemm.k, panel * width, row_begin, row_end);
  }
}

}  // namespace
}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {

HWY_EXPORT(GemmPanelWidth);
HWY_EXPORT(GemmBlock);

std::int64_t panel_width() { return HWY_DYNAMIC_DISPATCH(GemmPanelWidth)(); }

std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

constexpr std::int64_t kChunkRows = 48;            // a multiple of every tile height
constexpr std::int64_t kLine = 16;                 // floats of a cache line
constexpr double kChunkMultiplications = 512'000;  // about 10 microseconds

/// How one product is cut: blocks of rows times groups of panels.
struct Cut {
  std::int64_t row_blocks;
  std::int64_t panels;
  std::int64_t panels_per_chunk;
  std::int64_t chunks() const { return row_blocks * divide_up(panels, panels_per_chunk); }
};

Cut cut(const Gemm& gemm) {
  const std::int64_t rows = std::min(gemm.m, kChunkRows);
  const double per_panel = static_cast<double>(rows) * static_cast<double>(gemm.k) * static_cast<double>(panel_width());
  Cut result{.row_blocks = divide_up(gemm.m, kChunkRows), .panels = divide_up(gemm.n, panel_width())};
  result.panels_per_chunk = std::max<std::int64_t>(1, std::llround(kChunkMultiplications / std::max(1.0, per_panel)));
  return result;
}

void run_chunk(const Gemm& gemm, const Cut& how, std::int64_t chunk) {
  const std::int64_t row = chunk % how.row_blocks * kChunkRows;
  const std::int64_t panel = chunk / how.row_blocks * how.panels_per_chunk;
  HWY_DYNAMIC_DISPATCH(GemmBlock)
  (gemm, row, std::min(gemm.m, row + kChunkRows), panel, std::min(how.panels, panel + how.panels_per_chunk));
}

}  // namespace

std::int64_t packed_rhs_size(std::int64_t k, std::int64_t n) { return k * divide_up(n, panel_width()) * panel_width(); }

void pack_rhs(const float* b, std::int64_t row_step, std::int64_t column_step, std::int64_t k, std::int64_t n,
              float* packed) {
  const std::int64_t width = panel_width();
  for (std::int64_t column = 0; column < n; column += width, packed += k * width) {
    const std::int64_t columns = std::min(width, n - column);
    const float* from = b + column * column_step;
    if (column_step == 1) {
      for (std::int64_t p = 0; p < k; ++p) {
        std::memcpy(packed + p * width, from + p * row_step, static_cast<std::size_t>(columns) * sizeof(float));
      }
    } else {  // one cache line of every column at a time, so that no line is read twice
      for (std::int64_t begin = 0; begin < k; begin += kLine) {
        const std::int64_t end = std::min(k, begin + kLine);
        for (std::int64_t j = 0; j < columns; ++j) {
          for (std::int64_t p = begin; p < end; ++p) packed[p * width + j] = from[j * column_step + p * row_step];
        }
      }
    }
    if (columns == width) continue;
    for (std::int64_t p = 0; p < k; ++p) std::fill(packed + p * width + columns, packed + (p + 1) * width, 0.0F);
  }
}

void run_gemms(std::span<const Gemm> gemms) {
  if (gemms.size() == 1) {
    const Cut how = cut(gemms[0]);
    parallel_chunks(how.chunks(), [&](std::int64_t chunk) { run_chunk(gemms[0], how, chunk); });
    return;
  }
  double work = 0;
  for (const Gemm& gemm : gemms) {
    work += static_cast<double>(gemm.m) * static_cast<double>(gemm.n) * static_cast<double>(gemm.k);
  }
  const auto count = static_cast<std::int64_t>(gemms.size());
  const auto chunks = static_cast<std::int64_t>(work / kChunkMultiplications) + 1;
  parallel_ranges(count, divide_up(count, chunks), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Gemm& gemm = gemms[static_cast<std::size_t>(i)];
      HWY_DYNAMIC_DISPATCH(GemmBlock)(gemm, 0, gemm.m, 0, divide_up(gemm.n, panel_width()));
    }
  });
}

}  // namespace zeropoint
#endif
