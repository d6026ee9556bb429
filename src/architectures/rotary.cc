#include "architectures/rotary.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "architectures/positions.h"
#include "base/fail.h"
#include "checkpoint/rope_scaling.h"

namespace zeropoint {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr std::int64_t kLargestHead = 1 << 16;

}  // namespace

Rotary::Rotary(const Config& config, std::int64_t head_size)
    : head_size_(head_size), pretrained_length_(config.integer("max_position_embeddings", -1)) {
  if (head_size > kLargestHead) {
    fail(ErrorKind::invalid_data, config.where(), "heads have {} elements, at most {} are offered", head_size,
         kLargestHead);
  }
  if (head_size % 2 != 0) {
    fail(ErrorKind::invalid_data, config.where(), "heads of {} elements cannot be rotated in pairs", head_size);
  }
  longest_ = pretrained_length_ > 0 ? pretrained_length_ : GraphBuilder::kAnyLength;
  const std::optional<Config> scaling = rope_scaling(config);
  const double base = rope_theta(config);
  if (!(base > 1)) fail(ErrorKind::invalid_data, config.where(), "'rope_theta' is {}, not above 1", base);
  for (std::int64_t i = 0; i < head_size; i += 2) {
    frequencies_.push_back(std::pow(base, -static_cast<double>(i) / static_cast<double>(head_size)));
  }
  if (scaling) scale(*scaling, rope_type(*scaling), base);
}

void Rotary::scale(const Config& scaling, const std::string& kind, double base) {
  const auto reach = [&](double factor, std::int64_t length) {
    if (length > 0) longest_ = std::max(longest_, static_cast<std::int64_t>(factor * static_cast<double>(length)));
  };
  if (kind == "default") return;
  if (kind == "linear") {
    const double factor = rope_factor(scaling);
    for (double& frequency : frequencies_) frequency /= factor;
    reach(factor, pretrained_length_);
  } else if (kind == "dynamic") {
    if (pretrained_length_ < 1) {
      fail(ErrorKind::invalid_data, scaling.where(), "needs 'max_position_embeddings' beside it");
    }
    growth_ = rope_factor(scaling);
    reach(growth_, pretrained_length_);
  } else if (kind == "llama3") {
    const Llama3Scaling llama3 = llama3_scaling(scaling);
    for (double& frequency : frequencies_) frequency *= llama3.slowing(frequency);
  } else if (kind == "yarn") {
    scale_yarn(scaling, base);
    reach(scaling.number("factor", 1), scaling.integer("original_max_position_embeddings", -1));
  } else {
    fail(ErrorKind::unsupported, scaling.where(),
         "the rope type '{}' is not offered; known are default, dynamic, linear, llama3, yarn", kind);
  }
}

/// YaRN (Peng et al. 2023): the same by pairs instead of wavelengths, and scores that are scaled.
void Rotary::scale_yarn(const Config& scaling, double base) {
  const double length =
      positive_number(scaling, "original_max_position_embeddings", static_cast<double>(pretrained_length_));
  const double stretch = std::max(1.0, static_cast<double>(pretrained_length_) / length);
  const double factor = scaling.has("factor") ? rope_factor(scaling) : stretch;
  const auto pair_turning = [&](double turns) {  // the pair that makes so many turns over the pretrained length
    return static_cast<double>(head_size_) * std::log(length / (turns * kTurn)) / (2 * std::log(base));
  };
  double first = pair_turning(positive_number(scaling, "beta_fast", 32));
  double last = pair_turning(positive_number(scaling, "beta_slow", 1));
  if (scaling.flag("truncate", true)) {
    first = std::floor(first);
    last = std::ceil(last);
  }
  first = std::max(first, 0.0);
  last = std::min(last, static_cast<double>(head_size_ - 1));
  if (first == last) last += 0.001;
  for (std::size_t i = 0; i < frequencies_.size(); ++i) {
    const double slowed = std::clamp((static_cast<double>(i) - first) / (last - first), 0.0, 1.0);
    frequencies_[i] = slowed * frequencies_[i] / factor + (1 - slowed) * frequencies_[i];
  }
  const auto scale_of = [&](double weight) { return factor <= 1 ? 1.0 : 0.1 * weight * std::log(factor) + 1.0; };
  const double all_dims = scaling.number("mscale_all_dim", 0);
  const double mscale = scaling.number("mscale", 0);
  const bool has_both = mscale != 0 && all_dims != 0;
  magnitude_ = scaling.number("attention_factor", has_both ? scale_of(mscale) / scale_of(all_dims) : scale_of(1));
}

/// Dynamic NTK: beyond the pretrained length L the base grows with the sequence, base * r^(d / (d - 2)) with
/// r = max(1, factor T / L - (factor - 1)), that is, frequency i by r^(-2i / (d - 2)).
ValueId Rotary::grown_frequencies(GraphBuilder& builder, ValueId frequencies, ValueId length) const {
  std::vector<float> exponents;
  const auto pairs = static_cast<float>(std::max<std::int64_t>(head_size_ / 2 - 1, 1));
  for (std::size_t i = 0; i < frequencies_.size(); ++i) exponents.push_back(-static_cast<float>(i) / pairs);
  const auto scalar = [&](const std::string& name, double value) {
    return builder.constant(name, Tensor::scalar(static_cast<float>(value)));
  };
  const ValueId slope = scalar("rotary/slope", growth_ / static_cast<double>(pretrained_length_));
  const ValueId offset = scalar("rotary/offset", growth_ - 1);
  const ValueId real_length =
      builder.node("Cast", "rotary/real_length", {length}, {{"to", static_cast<std::int64_t>(DType::f32)}});
  const ValueId scaled = builder.node("Mul", "rotary/scaled_length", {real_length, slope});
  const ValueId ratio = builder.node("Sub", "rotary/ratio", {scaled, offset});
  const ValueId growth = builder.node("Max", "rotary/growth", {ratio, scalar("rotary/one", 1)});
  const ValueId slowing =
      builder.node("Pow", "rotary/slowing", {growth, builder.floats("rotary/exponents", exponents)});
  return builder.node("Mul", "rotary/grown_frequencies", {frequencies, slowing});
}

void Rotary::add_tables(GraphBuilder& builder, ValueId tokens) {
  const auto cast_to = [](DType dtype) { return NamedAttributes{{"to", static_cast<std::int64_t>(dtype)}}; };
  const Positions positions = add_positions(builder, tokens);
  positions_ = positions.places;
  position_ids_ = builder.node("Expand", "rotary/position_ids", {positions_, positions.shape});
  const ValueId real = builder.node("Cast", "rotary/real_positions", {positions_}, cast_to(DType::f32));
  const ValueId column = builder.node("Unsqueeze", "rotary/column", {real, builder.integers("rotary/axes", {1})});
  std::vector<float> rounded(frequencies_.begin(), frequencies_.end());
  ValueId frequencies = builder.floats("rotary/frequencies", rounded);
  if (growth_ > 0) frequencies = grown_frequencies(builder, frequencies, positions.length);
  const ValueId angles = builder.node("Mul", "rotary/angles", {column, frequencies});
  cosines_ = builder.node("Cos", "rotary/cosines", {angles});
  sines_ = builder.node("Sin", "rotary/sines", {angles});
  if (magnitude_ == 1) return;
  const ValueId magnitude = builder.constant("rotary/magnitude", Tensor::scalar(static_cast<float>(magnitude_)));
  cosines_ = builder.node("Mul", "rotary/scaled_cosines", {cosines_, magnitude});
  sines_ = builder.node("Mul", "rotary/scaled_sines", {sines_, magnitude});
}

ValueId Rotary::apply(GraphBuilder& builder, ValueId x, const std::string& name, std::int64_t heads) const {
  return builder.node("RotaryEmbedding", name, {x, cosines_, sines_, position_ids_}, {{"num_heads", heads}});
}

}  // namespace zeropoint
