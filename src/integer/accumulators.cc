#include "integer/accumulators.h"

#include <algorithm>
#include <limits>

#include "base/fail.h"
#include "base/parallel.h"
#include "kernels/requantize/requantize.h"
#include "quant/codes.h"

namespace zeropoint::integer {
namespace {

void store_run(const std::int32_t* acc, std::int64_t n, const Rescale& rescale, const RequantizeTarget& target,
               Tensor& codes, std::int64_t begin) {
  switch (codes.dtype()) {
    case DType::u8:
      return requantize_s32_u8(acc, n, rescale, target, codes.mutable_data<std::uint8_t>() + begin);
    case DType::i8:
      return requantize_s32_i8(acc, n, rescale, target, codes.mutable_data<std::int8_t>() + begin);
    default:
      for (std::int64_t i = 0; i < n; ++i) {
        store_code(codes.dtype(), codes.mutable_raw(), begin + i,
                   requantize_value(acc[i], rescale, target.zero_point, target.codes, target.arithmetic));
      }
  }
}

void store_columns(const std::int32_t* acc, std::int64_t rows, const ColumnRescale& rescale,
                   std::span<const Rescale> values, const RequantizeTarget& target, Tensor& codes) {
  switch (codes.dtype()) {
    case DType::u8:
      return requantize_columns_s32_u8(acc, rows, rescale, target, codes.mutable_data<std::uint8_t>());
    case DType::i8:
      return requantize_columns_s32_i8(acc, rows, rescale, target, codes.mutable_data<std::int8_t>());
    default:
      for (std::int64_t i = 0; i < rows * rescale.columns; ++i) {
        store_code(codes.dtype(), codes.mutable_raw(), i,
                   requantize_value(acc[i], values[static_cast<std::size_t>(i % rescale.columns)], target.zero_point,
                                    target.codes, target.arithmetic));
      }
  }
}

}  // namespace

namespace {

std::int32_t saturate_int32(std::int64_t value) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(value, std::numeric_limits<std::int32_t>::min(),
                                                            std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

void add_bias(Tensor& accumulators, const ChannelLayout& layout, const Tensor& bias, std::string_view where,
              BiasOverflow overflow) {
  if (!bias) return;
  if (bias.dtype() != DType::i32 || bias.size() != layout.channels) {
    fail(ErrorKind::invalid_data, std::string(where), "the bias must be {} int32 values, not {} of {}", layout.channels,
         bias.size(), name(bias.dtype()));
  }
  std::int32_t* acc = accumulators.mutable_data<std::int32_t>();
  parallel_chunks(layout.outer, [&](std::int64_t o) {
    for (std::int64_t c = 0; c < layout.channels; ++c) {
      std::int32_t* run = acc + (o * layout.channels + c) * layout.inner;
      const std::int64_t add = bias.data<std::int32_t>()[c];
      for (std::int64_t i = 0; i < layout.inner; ++i) {
        const std::int64_t sum = run[i] + add;
        run[i] = overflow == BiasOverflow::saturate ? saturate_int32(sum) : checked_accumulator(sum, where);
      }
    }
  });
}

QuantizedTensor requantize_channels(const Tensor& accumulators, const ChannelLayout& layout, const Operand& a,
                                    const Operand& weights, const TensorQParams& output, Arithmetic arithmetic,
                                    std::string_view where) {
  const Operand y = open_output(output, where);
  const RequantizeTarget target{y.zero_points.front(), y.codes, arithmetic};
  QuantizedTensor result{Tensor::allocate(output.scheme.dtype, accumulators.shape()), output};
  std::vector<Rescale> rescales;
  for (std::int64_t c = 0; c < layout.channels; ++c) {
    rescales.push_back(make_rescale(a.scales.front(), weights.grid(c).scale, y.scales.front()));
  }
  const std::int32_t* acc = accumulators.data<std::int32_t>();
  if (layout.inner == 1) {
    store_columns(acc, layout.outer, ColumnRescale(rescales), rescales, target, result.codes);
    return result;
  }
  for (std::int64_t row = 0; row < layout.outer * layout.channels; ++row) {
    store_run(acc + row * layout.inner, layout.inner, rescales[static_cast<std::size_t>(row % layout.channels)], target,
              result.codes, row * layout.inner);
  }
  return result;
}

}  // namespace zeropoint::integer
