#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/choice.h"
#include "ops/dispatch.h"
#include "ops/indices.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

enum class Pooling { avg, max };
constexpr Choice<Pooling> kModes[] = {{"avg", Pooling::avg}, {"max", Pooling::max}};
constexpr Choice<bool> kShifts[] = {{"half_pixel", true}, {"output_half_pixel", false}};

std::vector<ValueFacts> infer(const OpSite& site) {
  const Shape& x = site.input(0).shape;
  const Shape& rois = site.input(1).shape;
  if (x.size() != 4) site.invalid("the input has shape {}; [N, C, H, W] is expected", to_string(x));
  if (rois.size() != 2 || rois[1] != 4 || site.input(2).shape != Shape{rois[0]}) {
    site.invalid("rois {} and batch_indices {} do not fit together", to_string(rois), to_string(site.input(2).shape));
  }
  if (site.input(1).dtype != site.input(0).dtype) site.invalid("rois are {}", name(site.input(1).dtype));
  check_index_type(site, 2);
  const std::int64_t height = site.node.get_int("output_height", 1);
  const std::int64_t width = site.node.get_int("output_width", 1);
  return {planned(site, site.input(0).dtype, {rois[0], x[1], height, width})};
}

/// Four pixels and their weights: one sample by bilinear interpolation. The same for all channels.
template <class T>
struct Sample {
  std::int64_t offsets[4];
  T weights[4];
};

template <class T>
class RoiAlign final : public Kernel {
 public:
  explicit RoiAlign(const OpSite& site)
      : where_(site.node.label),
        mode_(chosen(site, "mode", kModes, "avg")),
        shift_(chosen(site, "coordinate_transformation_mode", kShifts,
                      site.opset < 16 ? "output_half_pixel" : "half_pixel")
                   ? T{0.5}
                   : T{0}),
        scale_(site.node.get_float("spatial_scale", 1)),
        ratio_(site.node.get_int("sampling_ratio", 0)) {
    const Shape& x = site.input(0).shape;
    images_ = x[0];
    channels_ = x[1];
    height_ = x[2];
    width_ = x[3];
    const Shape y = infer(site)[0].shape;
    rois_ = y[0];
    out_height_ = y[2];
    out_width_ = y[3];
    if (element_count(x) == 0 && element_count(y) > 0) site.invalid("the input is empty");
    constexpr std::int64_t kMostSamples = 128;
    if (ratio_ < 0 || ratio_ > kMostSamples) site.invalid("sampling_ratio {} is outside [0, {}]", ratio_, kMostSamples);
  }

  std::size_t scratch_bytes() const override { return static_cast<std::size_t>(rois_) * sizeof(std::int64_t); }

  void run(const KernelIo& io) override {
    auto* images = reinterpret_cast<std::int64_t*>(io.scratch);
    read_indices(io.in(2), images_, where_, {images, static_cast<std::size_t>(rois_)});
    parallel_chunks(rois_, [&](std::int64_t r) {
      const T* x = io.in(0).data<T>() + images[r] * channels_ * height_ * width_;
      pool(x, io.in(1).data<T>() + r * 4, io.out(0).mutable_data<T>() + r * channels_ * out_height_ * out_width_);
    });
  }

 private:
  void pool(const T* x, const T* roi, T* y) const {
    const T left = roi[0] * scale_ - shift_;
    const T top = roi[1] * scale_ - shift_;
    T width = roi[2] * scale_ - shift_ - left;
    T height = roi[3] * scale_ - shift_ - top;
    if (shift_ == 0) {  // before half_pixel, a region had at least one pixel
      width = std::max(width, T{1});
      height = std::max(height, T{1});
    }
    const T bin_width = width / static_cast<T>(out_width_);
    const T bin_height = height / static_cast<T>(out_height_);
    const std::int64_t across = samples(bin_width, width_);
    const std::int64_t down = samples(bin_height, height_);
    std::vector<Sample<T>> bin(static_cast<std::size_t>(across * down));
    for (std::int64_t i = 0; i < out_height_; ++i) {
      for (std::int64_t j = 0; j < out_width_; ++j) {
        for (std::int64_t s = 0; s < across * down; ++s) {
          const std::int64_t line = s / across;
          const T v = (static_cast<T>(line) + T{0.5}) / static_cast<T>(down);
          const T u = (static_cast<T>(s % across) + T{0.5}) / static_cast<T>(across);
          bin[static_cast<std::size_t>(s)] =
              sample(top + (static_cast<T>(i) + v) * bin_height, left + (static_cast<T>(j) + u) * bin_width);
        }
        for (std::int64_t c = 0; c < channels_; ++c) {
          y[(c * out_height_ + i) * out_width_ + j] = combine(bin, x + c * height_ * width_);
        }
      }
    }
  }

  /// Samples along one side of a bin; regions far larger than the image do not get more than it has pixels.
  std::int64_t samples(T bin, std::int64_t pixels) const {
    if (ratio_ > 0) return ratio_;
    if (!(bin > 0)) return 0;
    return static_cast<std::int64_t>(std::min(std::ceil(bin), static_cast<T>(2 * pixels + 2)));
  }

  Sample<T> sample(T y, T x) const {
    const auto height = static_cast<T>(height_);
    const auto width = static_cast<T>(width_);
    if (!(y >= -1 && y <= height && x >= -1 && x <= width)) return {};
    y = std::clamp(y, T{0}, height - 1);
    x = std::clamp(x, T{0}, width - 1);
    const auto y0 = static_cast<std::int64_t>(y);
    const auto x0 = static_cast<std::int64_t>(x);
    const std::int64_t y1 = std::min(y0 + 1, height_ - 1);
    const std::int64_t x1 = std::min(x0 + 1, width_ - 1);
    const T dy = y - static_cast<T>(y0);
    const T dx = x - static_cast<T>(x0);
    return {{y0 * width_ + x0, y0 * width_ + x1, y1 * width_ + x0, y1 * width_ + x1},
            {(1 - dy) * (1 - dx), (1 - dy) * dx, dy * (1 - dx), dy * dx}};
  }

  T combine(const std::vector<Sample<T>>& bin, const T* plane) const {
    if (bin.empty()) return 0;
    T sum = 0;
    T most = std::numeric_limits<T>::lowest();
    for (const Sample<T>& s : bin) {
      T value = 0;
      T largest = s.weights[0] * plane[s.offsets[0]];
      for (int k = 0; k < 4; ++k) {
        const T part = s.weights[k] * plane[s.offsets[k]];
        value += part;
        largest = std::max(largest, part);
      }
      sum += value;
      most = std::max(most, largest);  // ONNX takes the largest weighted pixel, not the largest sample
    }
    return mode_ == Pooling::avg ? sum / static_cast<T>(bin.size()) : most;
  }

  std::string where_;
  Pooling mode_;
  T shift_;
  T scale_;
  std::int64_t ratio_;
  std::int64_t images_ = 0, channels_ = 0, height_ = 0, width_ = 0;
  std::int64_t rois_ = 0, out_height_ = 0, out_width_ = 0;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  return for_float(site, site.input(0).dtype,
                   [&]<class T>() -> std::unique_ptr<Kernel> { return std::make_unique<RoiAlign<T>>(site); });
}

constexpr OpSpec kOps[] = {
    {.op_type = "RoiAlign", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_roi_align() { return kOps; }

}  // namespace zeropoint
