// Blocks of 32 values with importance, as many at once as a vector has lanes; reference_blocks.cc says what happens.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ggml/encode_weighted_rows.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>

#include "base/float16.h"
#include "kernels/ggml/encode.h"
#include "kernels/ggml/formats.h"
#include "kernels/ggml/lanes-inl.h"
#include "kernels/ggml/reference.h"
#include "kernels/ggml/searches-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace kernels {
namespace HWY_NAMESPACE {
namespace {

/// Block b of the matrix.
void encode_one(const EncodeTask& task, std::int64_t b, float row_variance) {
  const float* importance = task.importance + b * kBlock % task.columns;
  pack(task.type, reference::encode_weighted_block(task.type, task.src + b * kBlock, importance, row_variance),
       task.dst + static_cast<std::size_t>(b) * ggml_block_bytes(task.type));
}

#if HWY_TARGET == HWY_SCALAR

void encode(const EncodeTask& task, std::int64_t begin, std::int64_t end) {
  const std::int64_t blocks_per_row = task.columns / kBlock;
  for (std::int64_t row = begin; row < end; ++row) {
    const float variance = reference::mean_square(task.src + row * task.columns, task.columns);
    for (std::int64_t b = 0; b < blocks_per_row; ++b) encode_one(task, row * blocks_per_row + b, variance);
  }
}

#else

/// The mean of x^2 over each of `rows` rows, a row per lane; columns are a multiple of kBlock.
void find_mean_squares(const float* src, std::int64_t columns, std::int64_t rows, float* mean_squares) {
  HWY_ALIGN float x[kBlock * kLanes];
  for (std::int64_t row = 0; row < rows; row += kLanes) {
    const int lanes = static_cast<int>(std::min<std::int64_t>(kLanes, rows - row));
    VF32 sum = hn::Zero(F32());
    for (std::int64_t at = 0; at < columns; at += kBlock) {
      SpreadRows(src + row * columns + at, columns, kBlock, lanes, x);
      for (int i = 0; i < kBlock; ++i) sum = hn::Add(sum, hn::Mul(At(x, i), At(x, i)));
    }
    hn::StoreU(hn::Div(sum, Set(static_cast<float>(columns))), F32(), mean_squares + row);
  }
}

/// A group of blocks, a block per lane, [value][lane].
struct Group {
  HWY_ALIGN float x[kBlock * kLanes];
  HWY_ALIGN float weights[kBlock * kLanes];
  HWY_ALIGN float variances[kLanes];
  HWY_ALIGN float d[kLanes];
  HWY_ALIGN float m[kLanes];
  HWY_ALIGN std::uint8_t codes[kBlock * kLanes];
};

/// Returns the lanes that the vectors could do.
std::uint64_t encode_group(const BlockFormat& format, Group& group) {
  const F32 f;
  const VF32 variance = hn::Load(f, group.variances);
  for (int i = 0; i < kBlock; ++i) {
    const VF32 v = At(group.x, i);
    Put(hn::Mul(At(group.weights, i), hn::Sqrt(hn::Add(variance, hn::Mul(v, v)))), group.weights, i);
  }
  Ordinary ordinary;
  const auto put_codes = [&](const Found& found, const Rounding& round, VF32 zero) HWY_ATTR {
    for (int i = 0; i < kBlock; ++i) PutBytes(CodeOf(At(group.x, i), found, round, zero), group.codes, i);
    hn::Store(found.scale, f, group.d);
  };
  if (format.has_min) {
    const int qmax = format.levels - 1;
    const FoundWithMin both =
        SearchScaleAndMin<Distance::squared>(group.x, kBlock, qmax, group.weights, kWeightedSteps, ordinary);
    put_codes(both.found, Rounding(0, qmax), hn::Zero(f));
    hn::Store(hn::Neg(both.min), f, group.m);
  } else {
    const int qmax = format.levels / 2;
    put_codes(SearchScale(group.x, kBlock, qmax, group.weights), Rounding(-qmax, qmax - 1),
              Set(static_cast<float>(qmax)));
  }
  return LaneBits(ordinary.lanes);
}

void encode(const EncodeTask& task, std::int64_t begin, std::int64_t end) {
  const BlockFormat format = block_format(task.type);
  const std::size_t bytes = ggml_block_bytes(task.type);
  const std::int64_t blocks_per_row = task.columns / kBlock;
  float mean_squares[kRowsAtOnce];
  Group group;
  for (; begin < end; begin += kRowsAtOnce) {
    const std::int64_t rows = std::min(kRowsAtOnce, end - begin);
    find_mean_squares(task.src + begin * task.columns, task.columns, rows, mean_squares);
    const std::int64_t first = begin * blocks_per_row;
    const std::int64_t last = (begin + rows) * blocks_per_row;
    for (std::int64_t b = first; b < last; b += kLanes) {
      const int lanes = static_cast<int>(std::min<std::int64_t>(kLanes, last - b));
      SpreadBlocks(task.src + b * kBlock, kBlock, lanes, group.x);
      SpreadImportance(task.importance, task.columns, b * kBlock, kBlock, lanes, group.weights);
      for (int lane = 0; lane < kLanes; ++lane) {
        group.variances[lane] = lane < lanes ? mean_squares[(b + lane - first) / blocks_per_row] : 0.0F;
      }
      const std::uint64_t ordinary = encode_group(format, group);
      for (int lane = 0; lane < lanes; ++lane) {
        if ((ordinary >> lane & 1) == 0) {
          encode_one(task, b + lane, group.variances[lane]);
          continue;
        }
        Block block;
        block.d = f32_to_f16(group.d[lane]);
        if (format.has_min) block.m = f32_to_f16(group.m[lane]);
        for (int i = 0; i < kBlock; ++i) block.codes[i] = group.codes[i * kLanes + lane];
        pack(task.type, block, task.dst + static_cast<std::size_t>(b + lane) * bytes);
      }
    }
  }
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace kernels
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint::kernels {
namespace {
HWY_EXPORT(encode);
}  // namespace

void encode_weighted_rows(const EncodeTask& task, std::int64_t begin, std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(encode)(task, begin, end);
}

}  // namespace zeropoint::kernels
#endif
