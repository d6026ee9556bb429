#include "integer/prepared_conv.h"

#include <algorithm>
#include <memory>

#include "base/parallel.h"
#include "integer/pieces.h"
#include "kernels/matmul_s16/matmul_s16.h"

namespace zeropoint::integer {
namespace {

constexpr std::int64_t kColumnsPerTask = 512;
constexpr std::int64_t kChannelsPerTask = 64;
constexpr std::int64_t kSumsPerTask = std::int64_t{1} << 17;  // where one row is long
constexpr std::int64_t kSharedProducts = 64 * kProductsPerChunk;

constexpr std::int64_t whole_strips(std::int64_t columns) { return ceil_div(columns, kMatmulColumns) * kMatmulColumns; }

/// Drops what lies between the rows: `rows` rows of `width`, `pitch` apart, move together.
void close_gaps(std::int32_t* sums, std::int64_t rows, std::int64_t width, std::int64_t pitch) {
  for (std::int64_t row = 1; row < rows; ++row) {
    std::copy_n(sums + row * pitch, width, sums + row * width);
  }
}

}  // namespace

bool PreparedConv::takes(const ConvShape& shape, const Operand& x, const Operand& weights) {
  constexpr std::int64_t kBytes = 255;
  const bool is_empty = shape.batch == 0 || shape.out_channels == 0;
  return !is_empty && x.codes.max - x.codes.min <= kBytes && weights.codes.max - weights.codes.min <= kBytes &&
         fits_int32(shape.group_channels * shape.window.taps(), x, weights);
}

Tensor PreparedConv::pack(const Tensor& codes, const Operand& weights) {
  const std::vector<std::int32_t> w = codes_of(codes);
  const std::int64_t channels = codes.dim(1);
  const std::int64_t pairs = ceil_div(channels, 2);
  const std::int64_t taps = channels == 0 ? 0 : codes.size() / std::max<std::int64_t>(1, codes.dim(0) * channels);
  Tensor packed = Tensor::zeros(DType::i16, {codes.dim(0), pairs, taps, 2});
  const std::int32_t* from = w.data();
  for (std::int64_t m = 0; m < codes.dim(0); ++m) {
    std::int16_t* row = packed.mutable_data<std::int16_t>() + m * pairs * taps * 2;
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t t = 0; t < taps; ++t) {
        row[(c / 2 * taps + t) * 2 + c % 2] = static_cast<std::int16_t>(*from++ - weights.grid(m).zero_point);
      }
    }
  }
  return packed;
}

PreparedConv::PreparedConv(const ConvShape& shape, std::int32_t x_zero_point, Tensor packed_weights)
    : shape_(shape),
      layout_(shape.window),
      x_zero_point_(x_zero_point),
      weights_(std::move(packed_weights)),
      channel_pairs_(ceil_div(shape.group_channels, 2)) {
  const std::vector<std::int64_t> taps = layout_.tap_offsets();
  for (std::int64_t c = 0; c < channel_pairs_; ++c) {
    for (const std::int64_t tap : taps) offsets_.push_back(c * layout_.pair_size() + tap);
  }
}

/// One group of one image.
struct PreparedConv::Group {
  const std::int16_t* image;
  std::int64_t first_channel;  // of the output
  std::int64_t batch;
};

template <class Code>
void PreparedConv::stage_group(const Code* x, std::int16_t* image) const {
  const std::int64_t plane = element_count(shape_.window.input);
  parallel_ranges(channel_pairs_, grain(kPairsPerChunk, layout_.pair_size()),
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t c = begin; c < end; ++c) {
                      const Code* a = x + 2 * c * plane;
                      const Code* b = 2 * c + 1 < shape_.group_channels ? a + plane : nullptr;
                      layout_.stage(a, b, x_zero_point_, image + c * layout_.pair_size() * 2);
                    }
                  });
}

void PreparedConv::run_group(const Group& group, const std::int32_t* start,
                             const std::function<void(const ChannelRun&)>& sink) const {
  // Rows of positions; a single row is cut like many rows of one position.
  const bool is_one_row = layout_.rows() == 1;
  const std::int64_t rows = is_one_row ? layout_.width() : layout_.rows();
  const std::int64_t width = is_one_row ? 1 : layout_.width();
  const std::int64_t pitch = is_one_row ? 1 : layout_.row_pitch();
  const std::int64_t channels = shape_.out_channels / shape_.groups;
  const std::int64_t positions = element_count(shape_.window.output);
  const auto pairs = std::ssize(offsets_);
  // A task: some channels at some rows of a plane.
  const std::int64_t most_rows = std::min(rows, grain(kColumnsPerTask, pitch));
  const std::int64_t most_channels = std::min({channels, kChannelsPerTask, grain(kSumsPerTask, most_rows * pitch)});
  const std::int64_t row_blocks = ceil_div(rows, most_rows);
  const std::int64_t channel_blocks = ceil_div(channels, most_channels);
  const std::int64_t stride = whole_strips(most_rows * pitch);
  const auto work = [&](std::int64_t begin, std::int64_t end) {
    const auto sums = std::make_unique_for_overwrite<std::int32_t[]>(static_cast<std::size_t>(most_channels * stride));
    for (std::int64_t task = begin; task < end; ++task) {
      const std::int64_t channel = task % channel_blocks * most_channels;
      const std::int64_t row = task / channel_blocks % row_blocks * most_rows;
      const std::int64_t plane = task / channel_blocks / row_blocks;
      const std::int64_t channel_count = std::min(most_channels, channels - channel);
      const std::int64_t row_count = std::min(most_rows, rows - row);
      const std::int64_t output = group.first_channel + channel;
      const std::int64_t first_pair = plane * layout_.plane_pitch() * layout_.row_pitch() + row * pitch;
      conv_s16_s32(weights_.data<std::int16_t>() + output * pairs * 2, channel_count, pairs,
                   group.image + first_pair * 2, offsets_.data(), (row_count - 1) * pitch + width,
                   start == nullptr ? nullptr : start + output, sums.get(), stride);
      for (std::int64_t m = 0; m < channel_count; ++m) {
        std::int32_t* run = sums.get() + m * stride;
        if (pitch != width) close_gaps(run, row_count, width, pitch);
        sink({.sums = run,
              .n = row_count * width,
              .channel = output + m,
              .begin = (group.batch * shape_.out_channels + output + m) * positions + (plane * rows + row) * width});
      }
    }
  };
  const std::int64_t products_per_task = most_channels * stride * 2 * pairs;
  parallel_ranges(layout_.planes() * row_blocks * channel_blocks, grain(kProductsPerChunk, products_per_task), work);
}

void PreparedConv::run(const Tensor& x, const std::int32_t* start,
                       const std::function<void(const ChannelRun&)>& sink) const {
  const std::int64_t group_inputs = shape_.group_channels * element_count(shape_.window.input);
  const std::int64_t group_outputs = shape_.out_channels / shape_.groups;
  const std::int64_t image_size = channel_pairs_ * layout_.pair_size();
  const std::int64_t products = group_outputs * element_count(shape_.window.output) * 2 * std::ssize(offsets_);
  const auto images = [&](std::int64_t first, std::int64_t last) {
    // The last strip reads past the image, which nobody looks at.
    const auto image =
        std::make_unique_for_overwrite<std::int16_t[]>(static_cast<std::size_t>((image_size + kMatmulColumns) * 2));
    std::fill_n(image.get() + image_size * 2, kMatmulColumns * 2, std::int16_t{0});
    for (std::int64_t i = first; i < last; ++i) {
      if (x.dtype() == DType::u8) {
        stage_group(x.data<std::uint8_t>() + i * group_inputs, image.get());
      } else {
        stage_group(x.data<std::int8_t>() + i * group_inputs, image.get());
      }
      const std::int64_t group = i % shape_.groups;
      run_group({.image = image.get(), .first_channel = group * group_outputs, .batch = i / shape_.groups}, start,
                sink);
    }
  };
  // Threads share the work on an image where it is enough for them, otherwise each takes its own images.
  const std::int64_t count = shape_.batch * shape_.groups;
  if (products >= kSharedProducts) return images(0, count);
  parallel_ranges(count, grain(kProductsPerChunk, products + image_size), images);
}

}  // namespace zeropoint::integer
