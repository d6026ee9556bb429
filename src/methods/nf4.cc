// NF4: the nearest of 16 levels in blocks of 64, each block scaled to [-1, 1] by its largest magnitude.
//
// x * (1 / absmax) in float32, then the number of midpoints between levels that lie below: a value on a midpoint gets
// the lower level. With double quantization the factors, less their mean, become 8-bit codes in blocks of 256.
// Source: Dettmers et al. 2023, "QLoRA"; bitsandbytes, quantize_4bit.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <vector>

#include "base/fail.h"
#include "base/parallel.h"
#include "kernels/minmax/minmax.h"
#include "kernels/reduce/reduce.h"
#include "methods/finite_weight.h"
#include "methods/method.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kDefaultBlock = 64;
constexpr std::int64_t kGrain = 64 * 1024;  // elements per piece of work, in whole blocks
constexpr int kLevels = 16;

WeightScheme scheme(const MethodOptions& o) {
  check_method_options("nf4", o, {.block_size = 1, .double_quantization = true});
  const CodebookScheme scheme{.block_size = o.block_size == 0 ? kDefaultBlock : o.block_size,
                              .double_quantization = o.double_quantization};
  constexpr std::array<std::int64_t, 8> kBlocks = {32, 64, 128, 256, 512, 1024, 2048, 4096};
  if (std::find(kBlocks.begin(), kBlocks.end(), scheme.block_size) == kBlocks.end()) {
    fail(ErrorKind::invalid_option, "--block-size", "{}: blocks of nf4 have a power of two from 32 to 4096 values",
         scheme.block_size);
  }
  return scheme;
}

std::array<float, kLevels - 1> midpoints() {
  std::array<float, kLevels - 1> middle{};
  for (std::size_t i = 0; i < middle.size(); ++i) middle[i] = (nf4_levels()[i] + nf4_levels()[i + 1]) / 2;
  return middle;
}

const std::array<float, kLevels - 1> kMiddle = midpoints();

/// Codes of n values, an even number of them except at the end of the matrix, packed.
void encode_block(const float* x, std::int64_t n, float absmax, std::int32_t* codes, std::uint8_t* packed) {
  const float inverse = absmax > 0 ? 1.0F / absmax : 0.0F;
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const float y = x[i] * inverse;
    std::int32_t code = 0;
    for (int level = 0; level < kLevels - 1; ++level) code += y > kMiddle[level] ? 1 : 0;
    codes[i] = code;
  }
  codes[n] = 0;
  for (std::int64_t i = 0; i < n; i += 2) packed[i / 2] = static_cast<std::uint8_t>(codes[i] << 4 | codes[i + 1]);
}

/// The index of the nearest level; the lower of two that are equally near.
std::uint8_t nearest_level(float x, std::span<const float> levels) {
  const auto above = std::lower_bound(levels.begin(), levels.end(), x);
  if (above == levels.begin()) return 0;
  if (above == levels.end()) return static_cast<std::uint8_t>(levels.size() - 1);
  const bool is_below = x - *(above - 1) <= *above - x;
  return static_cast<std::uint8_t>(above - levels.begin() - (is_below ? 1 : 0));
}

NestedAbsmax nest(const Tensor& factors) {
  const std::span<const float> levels = dynamic_8bit_levels();
  NestedAbsmax nested;
  const std::int64_t n = factors.size();
  nested.offset = static_cast<float>(reduce_f32(ReduceF32::sum, factors.data<float>(), n) / static_cast<double>(n));
  nested.codes = Tensor::allocate(DType::u8, {n});
  nested.absmax = Tensor::allocate(DType::f32, {(n + nested.block_size - 1) / nested.block_size});
  nested.levels = Tensor::copy_of<float>({static_cast<std::int64_t>(levels.size())}, levels);
  for (std::int64_t begin = 0; begin < n; begin += nested.block_size) {
    const std::int64_t end = std::min(n, begin + nested.block_size);
    const auto centred = [&](std::int64_t i) { return factors.data<float>()[i] - nested.offset; };
    float largest = 0;
    for (std::int64_t i = begin; i < end; ++i) largest = std::max(largest, std::abs(centred(i)));
    nested.absmax.mutable_data<float>()[begin / nested.block_size] = largest;
    const float inverse = largest > 0 ? 1.0F / largest : 0.0F;
    for (std::int64_t i = begin; i < end; ++i) {
      nested.codes.mutable_data<std::uint8_t>()[i] = nearest_level(centred(i) * inverse, levels);
    }
  }
  return nested;
}

QuantizedWeight quantize(const Tensor& weight, const WeightScheme& scheme, const MethodOptions&, const GridStorage&,
                         const std::string& where) {
  CodebookMatrix to{.scheme = std::get<CodebookScheme>(scheme), .rows = weight.dim(0), .columns = weight.dim(1)};
  const std::int64_t block = to.scheme.block_size;
  const std::int64_t n = weight.size();
  to.levels = Tensor::copy_of<float>({kLevels}, nf4_levels());
  to.codes = Tensor::allocate(DType::u8, {(n + 1) / 2});
  to.absmax = Tensor::allocate(DType::f32, {(n + block - 1) / block});
  auto* packed = to.codes.mutable_data<std::uint8_t>();
  auto* factors = to.absmax.mutable_data<float>();
  std::atomic<bool> is_finite = true;
  parallel_ranges(n, kGrain, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> buffer;
    const float* x = load_f32(weight, begin, end, buffer) - begin;
    std::vector<std::int32_t> codes(static_cast<std::size_t>(block) + 1);
    for (std::int64_t at = begin; at < end; at += block) {
      const std::int64_t size = std::min(block, end - at);
      const MinMax range = minmax_f32(x + at, size);
      if (!range.is_finite) is_finite = false;
      factors[at / block] = absmax(range);
      encode_block(x + at, size, factors[at / block], codes.data(), packed + at / 2);
    }
  });
  if (!is_finite) fail_not_finite(weight, where);
  if (!to.scheme.double_quantization) return to;
  to.nested = nest(to.absmax);
  to.absmax = {};
  return to;
}

}  // namespace

Method method_nf4() {
  return {.name = "nf4",
          .summary = "the nearest of 16 levels spread like a normal distribution, in blocks (QLoRA)",
          .format = "bitsandbytes",
          .scheme = scheme,
          .quantize = quantize};
}

}  // namespace zeropoint
