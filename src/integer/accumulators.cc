#include "integer/accumulators.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "base/fail.h"
#include "quant/codes.h"

namespace zeropoint::integer {
namespace {

std::int32_t saturate_int32(std::int64_t value) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(value, std::numeric_limits<std::int32_t>::min(),
                                                            std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

ChannelBias::ChannelBias(const Tensor& bias, std::int64_t channels, BiasOverflow overflow, std::string_view where)
    : bias_(bias), overflow_(overflow), where_(where) {
  if (!bias || (bias.dtype() == DType::i32 && bias.size() == channels)) return;
  fail(ErrorKind::invalid_data, std::string(where), "the bias must be {} int32 values, not {} of {}", channels,
       bias.size(), name(bias.dtype()));
}

std::int64_t ChannelBias::largest() const {
  std::int64_t largest = 0;
  for (std::int64_t i = 0; i < bias_.size(); ++i) {
    largest = std::max(largest, std::abs(std::int64_t{values()[i]}));
  }
  return largest;
}

std::int32_t ChannelBias::add_one(std::int32_t sum, std::int64_t bias) const {
  return overflow_ == BiasOverflow::saturate ? saturate_int32(sum + bias) : checked_accumulator(sum + bias, where_);
}

void ChannelBias::add(std::int32_t* sums, std::int64_t n, std::int64_t channel) const {
  if (!bias_) return;
  for (std::int64_t i = 0; i < n; ++i) sums[i] = add_one(sums[i], values()[channel]);
}

void ChannelBias::add_to_row(std::int32_t* sums, std::int64_t n, std::int64_t first) const {
  if (!bias_) return;
  for (std::int64_t i = 0; i < n; ++i) sums[i] = add_one(sums[i], values()[first + i]);
}

ChannelRequantizer::ChannelRequantizer(const Operand& a, const Operand& weights, std::int64_t channels,
                                       const TensorQParams& output, Arithmetic arithmetic, std::string_view where) {
  const Operand y = open_output(output, where);
  target_ = {y.zero_points.front(), y.codes, arithmetic};
  for (std::int64_t c = 0; c < channels; ++c) {
    rescales_.push_back(make_rescale(a.scales.front(), weights.grid(c).scale, y.scales.front()));
  }
  for (std::int64_t c = 0; c < channels; c += kColumnBlock) {
    const auto count = static_cast<std::size_t>(std::min(kColumnBlock, channels - c));
    blocks_.emplace_back(std::span(rescales_).subspan(static_cast<std::size_t>(c), count));
  }
}

void ChannelRequantizer::store(const std::int32_t* sums, std::int64_t n, std::int64_t channel, Tensor& codes,
                               std::int64_t begin) const {
  const Rescale& rescale = rescales_[static_cast<std::size_t>(channel)];
  switch (codes.dtype()) {
    case DType::u8:
      return requantize_s32_u8(sums, n, rescale, target_, codes.mutable_data<std::uint8_t>() + begin);
    case DType::i8:
      return requantize_s32_i8(sums, n, rescale, target_, codes.mutable_data<std::int8_t>() + begin);
    default:
      for (std::int64_t i = 0; i < n; ++i) {
        store_code(codes.dtype(), codes.mutable_raw(), begin + i,
                   requantize_value(sums[i], rescale, target_.zero_point, target_.codes, target_.arithmetic));
      }
  }
}

void ChannelRequantizer::store_row(const std::int32_t* sums, std::int64_t n, std::int64_t first, Tensor& codes,
                                   std::int64_t begin) const {
  for (std::int64_t done = 0; done < n; done += kColumnBlock) {
    const ColumnRescale& block = blocks_[static_cast<std::size_t>((first + done) / kColumnBlock)];
    const std::int32_t* from = sums + done;
    const std::int64_t to = begin + done;
    switch (codes.dtype()) {
      case DType::u8:
        requantize_columns_s32_u8(from, 1, block, target_, codes.mutable_data<std::uint8_t>() + to);
        break;
      case DType::i8:
        requantize_columns_s32_i8(from, 1, block, target_, codes.mutable_data<std::int8_t>() + to);
        break;
      default:
        for (std::int64_t i = 0; i < block.columns; ++i) store(from + i, 1, first + done + i, codes, to + i);
    }
  }
}

}  // namespace zeropoint::integer
