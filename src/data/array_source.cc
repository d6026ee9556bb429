#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/counted.h"
#include "base/fail.h"
#include "data/array_reader.h"
#include "data/convert.h"
#include "data/npz.h"
#include "data/source.h"
#include "frontends/onnx.h"

namespace zeropoint {
namespace {

constexpr std::string_view kLabelNames[] = {"label", "labels"};

ArrayReader open_array(const ArrayPlace& place) {
  if (!place.member.empty()) return NpzFile(place.file).open(place.member);
  if (place.file.extension() == ".pb") return {load_tensor_proto(place.file), place.file.string()};
  return open_npy(place.file);
}

std::string name_of(const ArrayPlace& place) {
  return place.member.empty() ? place.file.string() : fmt::format("{}: array '{}'", place.file.string(), place.member);
}

/// How an array is cut into samples.
enum class Cut {
  rows,        // one per index of the first axis, which is the model's batch axis
  whole_rows,  // the same, and each is a whole input with a batch axis of its own
  one,         // the array is one sample without the batch axis
  as_is,       // the array is the input
};

bool may_hold_channels(const Shape& shape) {
  const auto is_count = [](std::int64_t n) { return n == 1 || n == 3 || n == 4; };
  return is_count(shape.front()) || is_count(shape.back());
}

/// `wanted` is how many samples are still to come; 0: all.
Cut choose_cut(const Shape& shape, const ProgramValue& input, const ArrayPlace& place, const SourceContext& context,
               std::int64_t wanted) {
  const std::span<const Dim> dims = input.shape;
  const bool is_preprocessed = context.is_preprocessed(input);
  if (dims.empty() && shape.empty()) return Cut::as_is;
  if (shape.size() == dims.size() + 1) return Cut::whole_rows;
  if (shape.size() == dims.size()) {
    const bool is_wanted_whole = wanted == 0 || wanted >= shape[0];
    if (context.options.batch == 0 && is_wanted_whole && !is_preprocessed && fits(shape, dims)) return Cut::as_is;
    if (is_preprocessed || fits({shape.begin() + 1, shape.end()}, dims.subspan(1))) return Cut::rows;
  } else if (shape.size() + 1 == dims.size()) {
    if (fits(shape, dims.subspan(1))) return Cut::one;
    // Images that the preprocessing gives a channel axis: one, or a row of them.
    if (is_preprocessed && shape.size() == 3) return may_hold_channels(shape) ? Cut::one : Cut::rows;
  } else if (is_preprocessed && shape.size() == 2 && dims.size() == 4) {
    return Cut::one;
  }
  fail(ErrorKind::invalid_data, name_of(place), "has the shape {}; the input '{}' wants {}{}", to_string(shape),
       input.name, describe(dims), preprocess_hint(input, is_preprocessed));
}

class ArraySource final : public Source {
 public:
  ArraySource(std::vector<ArrayShard> shards, const SourceContext& context)
      : shards_(std::move(shards)), inputs_(context.inputs.begin(), context.inputs.end()) {
    for (const ArrayShard& shard : shards_) {
      const std::int64_t limit = context.options.limit;
      const Layout layout = lay_out(shard, context, limit > 0 ? limit - samples_ : 0);
      samples_ += layout.samples;
      layouts_.push_back(layout);
      if (limit > 0 && samples_ >= limit) break;
    }
    shards_.resize(layouts_.size());
    if (samples_ == 0)
      fail(ErrorKind::invalid_data, shards_.empty() ? "" : name_of(shards_[0].inputs[0]), "holds no samples");
  }

  std::int64_t samples() const override { return samples_; }
  bool has_labels() const override {
    return std::all_of(shards_.begin(), shards_.end(), [](const ArrayShard& s) { return !s.labels.empty(); });
  }

  RawSample next() override {
    while (row_ == layouts_[shard_].steps) {
      ++shard_;
      row_ = 0;
    }
    const ArrayShard& shard = shards_[shard_];
    const Layout& layout = layouts_[shard_];
    if (row_ == 0) open(shard);
    RawSample sample;
    sample.where = layout.steps == 1 ? place_name(shard) : fmt::format("{}: sample {}", place_name(shard), row_);
    sample.is_whole = layout.is_whole;
    sample.samples = layout.samples / layout.steps;
    for (std::size_t i = 0; i < readers_.size(); ++i) sample.inputs.push_back({take(readers_[i], layout.cuts[i]), {}});
    if (!labels_.empty()) {
      const auto first = labels_.begin() + row_ * sample.samples;
      sample.labels.assign(first, first + sample.samples);
    }
    ++row_;
    return sample;
  }

  void rewind() override {
    shard_ = 0;
    row_ = 0;
    readers_.clear();
  }

 private:
  struct Layout {
    std::vector<Cut> cuts;     // per input
    std::int64_t steps = 0;    // next() calls
    std::int64_t samples = 0;  // in all of them
    bool is_whole = false;
  };

  /// Reads the headers only.
  Layout lay_out(const ArrayShard& shard, const SourceContext& context, std::int64_t wanted) const {
    Layout layout;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const Shape shape = open_array(shard.inputs[i]).shape();
      const Cut cut = choose_cut(shape, inputs_[i], shard.inputs[i], context, wanted);
      const bool is_many = cut == Cut::rows || cut == Cut::whole_rows;
      const std::int64_t steps = is_many ? shape[0] : 1;
      const bool is_whole = cut == Cut::whole_rows || cut == Cut::as_is;
      if (i > 0 && (steps != layout.steps || is_whole != layout.is_whole)) {
        fail(ErrorKind::invalid_data, name_of(shard.inputs[i]), "has the shape {}, which does not go with {} of '{}'",
             to_string(shape), counted(layout.steps, "sample"), name_of(shard.inputs[0]));
      }
      if (i == 0) layout.samples = cut == Cut::as_is && !shape.empty() ? shape[0] : steps;
      layout.steps = steps;
      layout.is_whole = is_whole;
      layout.cuts.push_back(cut);
    }
    return layout;
  }

  void open(const ArrayShard& shard) {
    readers_.clear();
    for (const ArrayPlace& place : shard.inputs) readers_.push_back(open_array(place));
    labels_.clear();
    if (shard.labels.empty()) return;
    const Tensor labels = convert(open_array(shard.labels[0]).all(), DType::i64, name_of(shard.labels[0]));
    const std::int64_t samples = layouts_[shard_].samples;
    if (labels.size() != samples) {
      fail(ErrorKind::invalid_data, name_of(shard.labels[0]), "has {} for {}", counted(labels.size(), "label"),
           counted(samples, "sample"));
    }
    const auto values = labels.values<std::int64_t>();
    labels_.assign(values.begin(), values.end());
  }

  static Tensor take(ArrayReader& reader, Cut cut) {
    if (cut == Cut::one || cut == Cut::as_is) return reader.all();
    const Tensor row = reader.rows(1);
    return row.reshaped({row.shape().begin() + 1, row.shape().end()});
  }

  static std::string place_name(const ArrayShard& shard) {
    return shard.inputs.size() == 1 ? name_of(shard.inputs[0]) : shard.inputs[0].file.string();
  }

  std::vector<ArrayShard> shards_;
  std::vector<ProgramValue> inputs_;
  std::vector<Layout> layouts_;
  std::int64_t samples_ = 0;
  std::size_t shard_ = 0;
  std::int64_t row_ = 0;
  std::vector<ArrayReader> readers_;
  std::vector<std::int64_t> labels_;
};

}  // namespace

std::unique_ptr<Source> array_source(std::vector<ArrayShard> shards, const SourceContext& context) {
  return std::make_unique<ArraySource>(std::move(shards), context);
}

ArrayShard npz_shard(const std::filesystem::path& file, std::span<const ProgramValue> inputs) {
  const NpzFile npz(file);
  ArrayShard shard;
  std::vector<std::string> arrays = npz.names();
  const auto is_input = [&](std::string_view name) {
    return std::any_of(inputs.begin(), inputs.end(), [&](const ProgramValue& input) { return input.name == name; });
  };
  for (const std::string_view label : kLabelNames) {
    if (!npz.has(label) || is_input(label)) continue;
    if (shard.labels.empty()) shard.labels.push_back({file, std::string(label)});
    std::erase(arrays, label);
  }
  for (const ProgramValue& input : inputs) {
    if (npz.has(input.name)) shard.inputs.push_back({file, input.name});
  }
  if (shard.inputs.size() == inputs.size()) return shard;

  shard.inputs.clear();
  const bool is_positional = std::all_of(arrays.begin(), arrays.end(), [](auto& n) { return n.starts_with("arr_"); });
  if (arrays.size() == inputs.size() && (arrays.size() == 1 || is_positional)) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      shard.inputs.push_back({file, arrays.size() == 1 ? arrays[0] : fmt::format("arr_{}", i)});
    }
    return shard;
  }
  if (npz.names().empty()) fail(ErrorKind::invalid_data, file.string(), "holds no arrays");
  std::vector<std::string_view> names;
  for (const ProgramValue& input : inputs) names.push_back(input.name);
  fail(ErrorKind::invalid_data, file.string(), "holds the arrays ({}); the model's inputs are ({})",
       fmt::join(arrays, ", "), fmt::join(names, ", "));
}

}  // namespace zeropoint
