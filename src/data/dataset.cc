#include "data/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <exception>
#include <utility>

#include "base/counted.h"
#include "base/fail.h"
#include "base/interrupt.h"
#include "base/mapped_file.h"
#include "base/parallel.h"
#include "data/array_reader.h"
#include "data/convert.h"
#include "data/image.h"
#include "data/source.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kAheadPerThread = 4;  // samples decoded together: enough to even out big and small images

/// A sample that is ready to be run, or the error that made it unusable.
struct Ready {
  std::vector<Tensor> inputs;  // with the batch axis
  std::vector<std::int64_t> labels;
  std::int64_t samples = 1;
  bool may_join = true;  // with others in a batch
  std::exception_ptr error;
};

void require_no_nan(const Tensor& tensor, const std::string& where, const std::string& input) {
  if (tensor.dtype() != DType::f32) return;
  const auto values = tensor.values<float>();
  const auto is_nan = [](float v) { return std::isnan(v); };
  const auto first = std::find_if(values.begin(), values.end(), is_nan);
  if (first == values.end()) return;
  fail(ErrorKind::invalid_data, where, "has {} NaN among {} values (the first is element {}) for the input '{}'",
       std::count_if(first, values.end(), is_nan), values.size(), first - values.begin(), input);
}

/// [a, b] -> [1, a, b]
Tensor with_batch_axis(const Tensor& tensor) {
  Shape shape{1};
  shape.insert(shape.end(), tensor.shape().begin(), tensor.shape().end());
  return tensor.reshaped(std::move(shape));
}

class StreamedDataset final : public Dataset {
 public:
  StreamedDataset(const std::string& path, std::span<const ProgramValue> inputs, const DataOptions& options)
      : inputs_(inputs.begin(), inputs.end()), options_(options), preprocess_(Preprocess::parse(options.preprocess)) {
    require_known_input();
    source_ = open_source(path, context());
    size_ = source_->samples();
    if (options_.limit > 0) size_ = std::min(size_, options_.limit);
    read_labels(path);
    choose_batch(path);
  }

  std::int64_t size() const override { return size_; }
  bool has_labels() const override { return static_cast<bool>(labels_) || source_->has_labels(); }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> all = source_->warnings();
    all.insert(all.end(), warnings_.begin(), warnings_.end());
    return all;
  }

  void rewind() override {
    source_->rewind();
    ready_.clear();
    pulled_ = 0;
  }

  std::optional<Batch> next() override {
    check_interrupt();
    if (!refill()) return std::nullopt;
    std::vector<Ready> parts;
    std::int64_t samples = 0;
    do {
      Ready& front = ready_.front();
      if (front.error) std::rethrow_exception(front.error);
      if (!parts.empty() && !can_join(parts.front(), front)) break;
      samples += front.samples;
      parts.push_back(std::move(front));
      ready_.pop_front();
    } while (parts.front().may_join && samples < batch_ && refill());

    Batch batch;
    batch.samples = samples;
    for (std::size_t i = 0; i < inputs_.size(); ++i) batch.inputs.push_back(join(parts, i));
    for (const Ready& part : parts) batch.labels.insert(batch.labels.end(), part.labels.begin(), part.labels.end());
    return batch;
  }

 private:
  SourceContext context() const { return {.inputs = inputs_, .options = options_, .preprocess = preprocess_}; }

  void require_known_input() const {
    const std::string& name = preprocess_.input;
    const auto is_it = [&](const ProgramValue& input) { return input.name == name; };
    if (!name.empty() && std::none_of(inputs_.begin(), inputs_.end(), is_it)) {
      fail(ErrorKind::invalid_option, "--preprocess", "the model has no input '{}'", name);
    }
    if (name.empty() && !preprocess_.is_empty && inputs_.size() > 1) {
      fail(ErrorKind::invalid_option, "--preprocess", "the model has {} inputs: say which one with input=NAME",
           inputs_.size());
    }
  }

  void read_labels(const std::string& path) {
    if (options_.labels.empty()) return;
    const Tensor labels = convert(load_npy(options_.labels), DType::i64, options_.labels);
    if (labels.size() < size_) {
      fail(ErrorKind::invalid_data, options_.labels, "has {} for {} of {}", counted(labels.size(), "label"),
           counted(size_, "sample"), path);
    }
    labels_ = labels;
  }

  /// A model whose first dimension is a number takes exactly so many samples.
  void choose_batch(const std::string& path) {
    batch_ = std::max<std::int64_t>(options_.batch, 1);
    for (const ProgramValue& input : inputs_) {
      if (!input.shape.empty() && input.shape[0].value > 0) batch_ = input.shape[0].value;
    }
    const bool is_fixed = std::any_of(inputs_.begin(), inputs_.end(), [](const ProgramValue& input) {
      return !input.shape.empty() && input.shape[0].value > 1;
    });
    if (!is_fixed || size_ % batch_ == 0) return;
    if (size_ < batch_) {
      fail(ErrorKind::invalid_data, path, "holds {}, the model takes {} at a time", counted(size_, "sample"), batch_);
    }
    warnings_.push_back(fmt::format("the last {} of {} samples are left out: the model takes {} at a time",
                                    size_ % batch_, size_, batch_));
    size_ -= size_ % batch_;
  }

  /// Decodes a few more samples when none is ready; false at the end.
  bool refill() {
    if (!ready_.empty()) return true;
    const std::int64_t wanted = std::max(batch_, kAheadPerThread * num_threads());
    std::vector<RawSample> raw;
    std::exception_ptr error;
    const std::int64_t first = pulled_;
    while (pulled_ < size_ && pulled_ - first < wanted) {
      try {
        raw.push_back(source_->next());
      } catch (...) {
        error = std::current_exception();
        break;
      }
      if (labels_) take_labels(raw.back());
      pulled_ += raw.back().samples;
    }
    ready_.resize(raw.size());
    parallel_chunks(static_cast<std::int64_t>(raw.size()), [&](std::int64_t i) {
      Ready& ready = ready_[static_cast<std::size_t>(i)];
      try {
        ready = prepare(std::move(raw[static_cast<std::size_t>(i)]));
      } catch (...) {
        ready.error = std::current_exception();
      }
    });
    if (error) ready_.push_back({.inputs = {}, .labels = {}, .error = error});
    return !ready_.empty();
  }

  void take_labels(RawSample& sample) const {
    const auto first = labels_.values<std::int64_t>().begin() + pulled_;
    sample.labels.assign(first, first + sample.samples);
  }

  Ready prepare(RawSample raw) const {
    Ready ready{.inputs = {}, .labels = std::move(raw.labels), .samples = raw.samples, .may_join = !raw.is_whole};
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const ProgramValue& input = inputs_[i];
      Tensor tensor = convert(shape_up(raw, i), input.dtype, raw.where);
      const std::span<const Dim> dims = input.shape;
      const bool is_good = dims.empty() ? tensor.rank() == 0
                                        : tensor.rank() == static_cast<int>(dims.size()) &&
                                              fits({tensor.shape().begin() + 1, tensor.shape().end()}, dims.subspan(1));
      if (!is_good) {
        fail(ErrorKind::invalid_data, raw.where, "gives the shape {}; the input '{}' wants {}{}",
             to_string(tensor.shape()), input.name, describe(dims), preprocess_hint(input, !preprocess_.is_empty));
      }
      require_no_nan(tensor, raw.where, input.name);
      ready.inputs.push_back(std::move(tensor));
    }
    return ready;
  }

  /// Decodes and preprocesses what feeds input `i`, and gives it the batch axis.
  Tensor shape_up(const RawSample& raw, std::size_t i) const {
    const ProgramValue& input = inputs_[i];
    const RawInput& from = raw.inputs[i];
    const bool is_image = !from.image.empty();
    const bool is_preprocessed = is_image || context().is_preprocessed(input);
    Tensor tensor = is_image ? decode_image(MappedFile::open(from.image)->bytes(), raw.where) : from.tensor;
    const std::span<const Dim> dims = input.shape;
    if (!is_preprocessed) return raw.is_whole ? tensor : with_batch_axis(tensor);
    if (raw.is_whole) {
      if (tensor.rank() == 0 || tensor.dim(0) != 1) {
        fail(ErrorKind::invalid_data, raw.where, "has the shape {}: --preprocess works on single samples",
             to_string(tensor.shape()));
      }
      tensor = tensor.reshaped({tensor.shape().begin() + 1, tensor.shape().end()});
    }
    const std::span<const Dim> wanted = dims.empty() ? dims : dims.subspan(1);
    return with_batch_axis(preprocess_.apply(tensor, wanted, is_image, raw.where));
  }

  bool can_join(const Ready& a, const Ready& b) const {
    return b.error == nullptr && b.may_join &&
           std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end(),
                      [](const Tensor& x, const Tensor& y) { return x.shape() == y.shape(); });
  }

  static Tensor join(const std::vector<Ready>& parts, std::size_t input) {
    const Tensor& first = parts.front().inputs[input];
    if (parts.size() == 1) return first;
    if (first.dtype() == DType::string) fail(ErrorKind::unsupported, "--batch", "text is run one sample at a time");
    Shape shape = first.shape();
    shape[0] = static_cast<std::int64_t>(parts.size());
    Tensor out = Tensor::allocate(first.dtype(), std::move(shape));
    auto* to = static_cast<std::byte*>(out.mutable_raw());
    for (const Ready& part : parts) {
      const Tensor& tensor = part.inputs[input];
      if (tensor.bytes() > 0) std::memcpy(to, tensor.raw(), tensor.bytes());
      to += tensor.bytes();
    }
    return out;
  }

  std::vector<ProgramValue> inputs_;
  DataOptions options_;
  Preprocess preprocess_;
  std::unique_ptr<Source> source_;
  std::int64_t size_ = 0;
  std::int64_t batch_ = 1;
  Tensor labels_;  // int64, of --labels
  std::vector<std::string> warnings_;
  std::deque<Ready> ready_;
  std::int64_t pulled_ = 0;  // samples taken from the source
};

}  // namespace

std::unique_ptr<Dataset> Dataset::open(const std::string& path, std::span<const ProgramValue> inputs,
                                       const DataOptions& options) {
  return std::make_unique<StreamedDataset>(path, inputs, options);
}

}  // namespace zeropoint
