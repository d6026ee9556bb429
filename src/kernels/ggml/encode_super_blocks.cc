// Super-blocks, as many at once as a vector has lanes; reference_super_blocks.cc says what happens.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ggml/encode_super_blocks.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>
#include <cstring>

#include "base/float16.h"
#include "kernels/ggml/encode.h"
#include "kernels/ggml/formats.h"
#include "kernels/ggml/lanes-inl.h"
#include "kernels/ggml/reference.h"
#include "kernels/ggml/searches-inl.h"
#include "kernels/movement/transpose_tile.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace kernels {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void encode(const EncodeTask& task, std::int64_t begin, std::int64_t end) {
  const std::size_t bytes = ggml_block_bytes(task.type);
  for (std::int64_t b = begin; b < end; ++b) {
    const float* weights = task.importance == nullptr ? nullptr : task.importance + b * kSuperBlock % task.columns;
    pack(task.type, reference::encode_super_block(task.type, task.src + b * kSuperBlock, weights),
         task.dst + static_cast<std::size_t>(b) * bytes);
  }
}

#else

constexpr int kMostSubBlocks = 16;

/// A group of super-blocks, a block per lane, [value][lane] throughout.
struct Group {
  HWY_ALIGN float x[kSuperBlock * kLanes];
  HWY_ALIGN float importance[kSuperBlock * kLanes];
  HWY_ALIGN float scales[kMostSubBlocks * kLanes];
  HWY_ALIGN float mins[kMostSubBlocks * kLanes];
  HWY_ALIGN float weight_sums[kMostSubBlocks * kLanes];
  HWY_ALIGN float scale_codes[kMostSubBlocks * kLanes];
  HWY_ALIGN float min_codes[kMostSubBlocks * kLanes];
  HWY_ALIGN std::uint8_t codes[kSuperBlock * kLanes];
  Found found[kMostSubBlocks];
  Ordinary ordinary;
  bool is_weighted;

  explicit Group(bool weighted) : is_weighted(weighted) {}
};

/// The mean of x^2 over a super-block, times `spread`.
VF32 Variance(const Group& group, float spread) {
  VF32 sum = hn::Zero(F32());
  for (int i = 0; i < kSuperBlock; ++i) sum = hn::Add(sum, hn::Mul(At(group.x, i), At(group.x, i)));
  return hn::Div(hn::Mul(Set(spread), sum), Set(kSuperBlock));
}

/// float32 to float16 and back, in place; returns the bits.
void round_to_f16(float* values, std::uint16_t* bits) {
  for (int lane = 0; lane < kLanes; ++lane) {
    bits[lane] = f32_to_f16(values[lane]);
    values[lane] = f16_to_f32(bits[lane]);
  }
}

struct Halves {
  HWY_ALIGN float values[kLanes];
  std::uint16_t bits[kLanes];

  explicit Halves(VF32 v) {
    hn::Store(v, F32(), values);
    round_to_f16(values, bits);
  }
  VF32 get() const { return hn::Load(F32(), values); }
};

/// Scales or mins in steps of the largest / qmax; returns the step.
VF32 QuantizePositive(const float* values, int n, int qmax, float* codes, Ordinary& ordinary) {
  const F32 f;
  VF32 max = hn::Zero(f);
  for (int j = 0; j < n; ++j) {
    ordinary.require(hn::Ge(At(values, j), hn::Zero(f)));
    max = hn::IfThenElse(hn::Gt(At(values, j), max), At(values, j), max);  // not -0
  }
  const VF32 top = Set(static_cast<float>(qmax));
  const VF32 inverse = hn::IfThenElseZero(hn::Gt(max, hn::Zero(f)), hn::Div(top, max));
  const Rounding round(0, qmax);
  for (int j = 0; j < n; ++j) {
    const VF32 v = hn::Mul(inverse, At(values, j));
    ordinary.require_roundable(v);
    Put(round(v), codes, j);
  }
  return hn::Div(max, top);
}

/// Rounds sub-block j to the grid that is read back: round((x + min) / d) + zero. Lanes whose d is 0 keep the codes of
/// the search, which `searched(i)` gives.
template <class Searched>
HWY_INLINE void RoundAgain(Group& group, int first, int n, VF32 d, VF32 min, const Rounding& round, VF32 zero,
                           const Searched& searched) {
  const F32 f;
  const Mask is_zero = hn::Eq(d, hn::Zero(f));
  const bool keeps_some = !hn::AllFalse(f, is_zero);
  const VF32 divisor = hn::IfThenElse(is_zero, Set(1), d);
  for (int i = 0; i < n; ++i) {
    const VF32 v = hn::Div(hn::Add(At(group.x, first + i), min), divisor);
    group.ordinary.require(hn::Or(is_zero, hn::Lt(hn::Abs(v), Set(0x1p22F))));
    VF32 code = hn::Add(round(v), zero);
    if (keeps_some) code = hn::IfThenElse(is_zero, searched(i), code);
    PutBytes(code, group.codes, first + i);
  }
}

void weigh(const Group& group, int first, int n, VF32 variance, float* weights) {
  for (int i = 0; i < n; ++i) {
    const VF32 v = At(group.x, first + i);
    Put(hn::Mul(At(group.importance, first + i), hn::Sqrt(hn::Add(variance, hn::Mul(v, v)))), weights, i);
  }
}

VF32 Sum(const float* values, int n) {
  VF32 sum = hn::Zero(F32());
  for (int i = 0; i < n; ++i) sum = hn::Add(sum, At(values, i));
  return sum;
}

void encode_affine(GgmlType type, Group& group, Halves& d, Halves& dmin) {
  const AffineFormat format = affine_format(type);
  const int n = format.sub_block;
  const int sub_blocks = kSuperBlock / n;
  const VF32 zero = hn::Zero(F32());
  const VF32 variance = group.is_weighted ? Variance(group, format.spread) : zero;
  HWY_ALIGN float weights[kMostValues * kLanes];
  const GridSteps& steps = group.is_weighted ? kWeightedSteps : format.steps;
  for (int j = 0; j < sub_blocks; ++j) {
    const float* x = group.x + j * n * kLanes;
    if (group.is_weighted) {
      weigh(group, j * n, n, variance, weights);
      Put(Sum(weights, n), group.weight_sums, j);
    } else {
      VF32 typical = zero;
      if (type != GgmlType::q2_k) {
        for (int i = 0; i < n; ++i) typical = hn::Add(typical, hn::Mul(At(x, i), At(x, i)));
        typical = hn::Sqrt(hn::Div(typical, Set(static_cast<float>(n))));
      }
      for (int i = 0; i < n; ++i) Put(hn::Add(typical, hn::Abs(At(x, i))), weights, i);
    }
    const bool is_absolute = !group.is_weighted && format.distance == Distance::absolute;
    const FoundWithMin found =
        is_absolute ? SearchScaleAndMin<Distance::absolute>(x, n, format.qmax, weights, steps, group.ordinary)
                    : SearchScaleAndMin<Distance::squared>(x, n, format.qmax, weights, steps, group.ordinary);
    group.found[j] = found.found;
    Put(found.found.scale, group.scales, j);
    Put(found.min, group.mins, j);
  }
  const auto quantize = [&](const float* values, float* codes) HWY_ATTR {
    const int qmax = format.scale_qmax;
    return group.is_weighted ? SearchPositiveScale(values, sub_blocks, qmax, group.weight_sums, codes, group.ordinary)
                             : QuantizePositive(values, sub_blocks, qmax, codes, group.ordinary);
  };
  d = Halves(quantize(group.scales, group.scale_codes));
  dmin = Halves(quantize(group.mins, group.min_codes));
  const Rounding round(0, format.qmax);
  for (int j = 0; j < sub_blocks; ++j) {
    const VF32 scale = hn::Mul(d.get(), At(group.scale_codes, j));
    const VF32 min = hn::Mul(dmin.get(), At(group.min_codes, j));
    const auto searched = [&](int i) HWY_ATTR { return CodeOf(At(group.x, j * n + i), group.found[j], round, zero); };
    RoundAgain(group, j * n, n, scale, min, round, zero, searched);
  }
}

/// The largest scale gets the lowest code; returns the step.
VF32 QuantizeSigned(const float* values, int lowest, float* codes, Ordinary& ordinary) {
  const F32 f;
  const VF32 largest = Peak(values, kSymmetricSubBlocks);
  const Mask is_zero = hn::Eq(largest, hn::Zero(f));
  const VF32 inverse = hn::Div(Set(static_cast<float>(lowest)), largest);
  const Rounding round(lowest, -lowest - 1);
  for (int j = 0; j < kSymmetricSubBlocks; ++j) {
    const VF32 v = hn::IfThenZeroElse(is_zero, hn::Mul(inverse, At(values, j)));
    ordinary.require_roundable(v);
    Put(hn::IfThenElse(is_zero, Set(static_cast<float>(lowest)), round(v)), codes, j);
  }
  return hn::IfThenZeroElse(is_zero, hn::Div(Set(1), inverse));
}

void encode_symmetric(GgmlType type, Group& group, Halves& d) {
  const F32 f;
  constexpr int n = kSymmetricSubBlock;
  constexpr int kSubBlocks = kSymmetricSubBlocks;
  const int qmax = symmetric_qmax(type);
  const bool is_q3 = type == GgmlType::q3_k;
  const bool refines = is_q3 && !group.is_weighted;
  const VF32 variance = is_q3 && group.is_weighted ? Variance(group, 2) : hn::Zero(f);
  const VF32 zero = Set(static_cast<float>(qmax));
  HWY_ALIGN float weights[n * kLanes];
  HWY_ALIGN float refined[kSuperBlock * kLanes];
  for (int j = 0; j < kSubBlocks; ++j) {
    const float* x = group.x + j * n * kLanes;
    if (refines) {
      group.found[j] = RefineScale(x, n, qmax, refined + j * n * kLanes, group.ordinary);
    } else if (!group.is_weighted) {
      for (int i = 0; i < n; ++i) Put(hn::Mul(At(x, i), At(x, i)), weights, i);
      group.found[j] = SearchScale(x, n, qmax, weights);
    } else if (is_q3) {
      weigh(group, j * n, n, variance, weights);
      Put(Sum(weights, n), group.weight_sums, j);
      group.found[j] = SearchScale(x, n, qmax, weights);
    } else {
      group.found[j] = SearchScale(x, n, qmax, group.importance + j * n * kLanes);
    }
    Put(group.found[j].scale, group.scales, j);
  }

  if (is_q3 && group.is_weighted) {
    constexpr int kZero = 32;
    const Found found = SearchScale(group.scales, kSubBlocks, kZero, group.weight_sums);
    const Rounding round(-kZero, kZero - 1);
    const VF32 offset = Set(kZero);
    for (int j = 0; j < kSubBlocks; ++j) {
      group.ordinary.require(hn::Lt(hn::Abs(At(group.scales, j)), Set(0x1p126F)));
      Put(hn::Sub(CodeOf(At(group.scales, j), found, round, offset), offset), group.scale_codes, j);
    }
    d = Halves(found.scale);
  } else {
    d = Halves(QuantizeSigned(group.scales, is_q3 ? -32 : -128, group.scale_codes, group.ordinary));
    if (!is_q3) {  // a block that counts as zero is all zero bytes: the reference's affair
      const VF32 largest = hn::Abs(Peak(group.scales, kSubBlocks));
      group.ordinary.require(hn::Ge(largest, Set(kSmallestMagnitude)));
    }
  }
  const Rounding round(-qmax, qmax - 1);
  for (int j = 0; j < kSubBlocks; ++j) {
    const auto searched = [&](int i) HWY_ATTR {
      if (!refines) return CodeOf(At(group.x, j * n + i), group.found[j], round, zero);
      return hn::IfThenZeroElse(group.found[j].is_empty, hn::Add(At(refined, j * n + i), zero));
    };
    const VF32 scale = hn::Mul(d.get(), At(group.scale_codes, j));
    RoundAgain(group, j * n, n, scale, hn::Zero(f), round, zero, searched);
  }
}

/// Super-block b of the matrix, where the vectors gave up.
void encode_one(const EncodeTask& task, std::int64_t b, std::byte* dst) {
  const float* weights = task.importance == nullptr ? nullptr : task.importance + b * kSuperBlock % task.columns;
  pack(task.type, reference::encode_super_block(task.type, task.src + b * kSuperBlock, weights), dst);
}

void encode(const EncodeTask& task, std::int64_t begin, std::int64_t end) {
  const std::size_t bytes = ggml_block_bytes(task.type);
  const bool affine = is_affine(task.type);
  const int sub_blocks = affine ? kSuperBlock / affine_format(task.type).sub_block : kMostSubBlocks;
  Group group(task.importance != nullptr);
  SuperBlock blocks[kLanes];
  for (std::int64_t b = begin; b < end; b += kLanes) {
    const int lanes = static_cast<int>(std::min<std::int64_t>(kLanes, end - b));
    SpreadBlocks(task.src + b * kSuperBlock, kSuperBlock, lanes, group.x);
    if (group.is_weighted) {
      SpreadImportance(task.importance, task.columns, b * kSuperBlock, kSuperBlock, lanes, group.importance);
    }
    group.ordinary = Ordinary();
    Halves d(hn::Zero(F32()));
    Halves dmin = d;
    affine ? encode_affine(task.type, group, d, dmin) : encode_symmetric(task.type, group, d);

    transpose_tile(1, reinterpret_cast<std::byte*>(blocks[0].codes), sizeof(SuperBlock),
                   reinterpret_cast<const std::byte*>(group.codes), kLanes, kLanes, kSuperBlock);
    const std::uint64_t ordinary = LaneBits(group.ordinary.lanes);
    for (int lane = 0; lane < lanes; ++lane) {
      std::byte* dst = task.dst + static_cast<std::size_t>(b + lane) * bytes;
      if ((ordinary >> lane & 1) == 0) {
        encode_one(task, b + lane, dst);
        continue;
      }
      SuperBlock& block = blocks[lane];
      block.d = d.bits[lane];
      block.dmin = dmin.bits[lane];
      for (int j = 0; j < sub_blocks; ++j) {
        block.scales[j] = static_cast<std::int8_t>(group.scale_codes[j * kLanes + lane]);
        if (affine) block.mins[j] = static_cast<std::uint8_t>(group.min_codes[j * kLanes + lane]);
      }
      std::memset(dst, 0, bytes);
      PackCodes(task.type, block.codes, dst);
      pack_header(task.type, block, dst);
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

void encode_super_blocks(const EncodeTask& task, std::int64_t begin, std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(encode)(task, begin, end);
}

}  // namespace zeropoint::kernels
#endif
