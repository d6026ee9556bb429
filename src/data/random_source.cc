#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <utility>

#include "base/fail.h"
#include "data/convert.h"
#include "data/source.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kDefaultSamples = 16;
constexpr std::int64_t kDefaultTokens = 32;

/// Normal numbers by Box and Muller: the standard library's differ from one implementation to the next.
class Noise {
 public:
  explicit Noise(std::uint64_t seed) : engine_(seed) {}

  /// In (0, 1]: the logarithm exists.
  double uniform() { return (static_cast<double>(engine_() >> 11U) + 1) * 0x1p-53; }
  float normal() {
    return static_cast<float>(std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform()));
  }
  std::int64_t below(std::int64_t count) { return static_cast<std::int64_t>(engine_() >> 1U) % count; }

 private:
  std::mt19937_64 engine_;
};

class RandomSource final : public Source {
 public:
  explicit RandomSource(const SourceContext& context)
      : inputs_(context.inputs.begin(), context.inputs.end()), seed_(context.options.seed), noise_(seed_) {
    samples_ = context.options.limit > 0 ? context.options.limit : kDefaultSamples;
    for (const ProgramValue& input : inputs_) shapes_.push_back(shape_of(input));
  }

  std::int64_t samples() const override { return samples_; }
  bool has_labels() const override { return false; }
  void rewind() override { noise_ = Noise(seed_); }
  std::vector<std::string> warnings() const override {
    return {"the data is random noise: accuracy, ranges and scales from it mean nothing"};
  }

  RawSample next() override {
    RawSample sample;
    sample.where = "random";
    sample.is_whole = true;
    for (std::size_t i = 0; i < inputs_.size(); ++i) sample.inputs.push_back({make(inputs_[i], shapes_[i]), {}});
    return sample;
  }

 private:
  static Shape shape_of(const ProgramValue& input) {
    Shape shape;
    for (const Dim& dim : input.shape) {
      const bool is_length = input.count > 0 && shape.size() == 1;  // of a sequence of token ids
      if (dim.value < 0 && is_length) {
        shape.push_back(dim.longest > 0 ? std::min(dim.longest, kDefaultTokens) : kDefaultTokens);
        continue;
      }
      if (dim.value < 0 && !shape.empty()) {
        fail(ErrorKind::invalid_option, "--data random",
             "the input '{}' wants {}: only the first dimension may be open", input.name, describe(input.shape));
      }
      shape.push_back(dim.value < 0 ? 1 : dim.value);
    }
    return shape;
  }

  /// Normal noise for floats; integers from those allowed, zeros and ones where nothing says which: they may be indices
  /// into a small table.
  Tensor make(const ProgramValue& input, const Shape& shape) {
    const DType dtype = input.dtype;
    if (is_float(dtype)) {
      Tensor values = Tensor::allocate(DType::f32, shape);
      for (float& value : values.mutable_values<float>()) value = noise_.normal();
      return convert(values, dtype, "random");
    }
    Tensor values = Tensor::allocate(DType::i64, shape);
    for (std::int64_t& value : values.mutable_values<std::int64_t>())
      value = noise_.below(input.count > 0 ? input.count : 2);
    return convert(values, dtype, "random");
  }

  std::vector<ProgramValue> inputs_;
  std::vector<Shape> shapes_;
  std::int64_t samples_ = 0;
  std::uint64_t seed_;
  Noise noise_;
};

}  // namespace

std::unique_ptr<Source> random_source(const SourceContext& context) { return std::make_unique<RandomSource>(context); }

}  // namespace zeropoint
