#include <algorithm>
#include <array>
#include <cmath>

#include "base/parallel.h"
#include "kernels/movement/strided_copy.h"
#include "ops/arguments.h"
#include "ops/choice.h"
#include "ops/dispatch.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

enum class Mode { nearest, linear, cubic };
constexpr Choice<Mode> kModes[] = {{"nearest", Mode::nearest},
                                   {"linear", Mode::linear},
                                   {"cubic", Mode::cubic},
                                   {"bilinear", Mode::linear},
                                   {"bicubic", Mode::cubic}};  // before opset 20
enum class Padding { zeros, border, reflection };
constexpr Choice<Padding> kPaddings[] = {
    {"zeros", Padding::zeros}, {"border", Padding::border}, {"reflection", Padding::reflection}};
constexpr std::size_t kMaxAxes = 4;
constexpr std::size_t kMaxTaps = 4;

struct Sampling {
  Mode mode;
  Padding padding;
  bool align_corners;
};

std::vector<ValueFacts> infer(const OpSite& site) {
  const Shape& x = site.input(0).shape;
  const Shape& grid = site.input(1).shape;
  if (x.size() < 3 || grid.size() != x.size() || grid[0] != x[0] ||
      grid.back() != static_cast<std::int64_t>(x.size()) - 2) {
    site.invalid("the grid {} does not fit the input {}", to_string(grid), to_string(x));
  }
  if (x.size() - 2 > kMaxAxes) site.unsupported("more than {} spatial axes are not offered", kMaxAxes);
  if (site.input(1).dtype != site.input(0).dtype) {
    site.unsupported("a grid of {} for an input of {} is not offered", name(site.input(1).dtype),
                     name(site.input(0).dtype));
  }
  Shape shape = {x[0], x[1]};
  shape.insert(shape.end(), grid.begin() + 1, grid.end() - 1);
  if (element_count(x) == 0 && element_count(shape) > 0) site.invalid("the input is empty");
  return {planned(site, site.input(0).dtype, std::move(shape))};
}

/// Reflects x into [low, high] as often as it takes.
template <class T>
T reflect(T x, T low, T high) {
  const T span = high - low;
  if (!(span > 0)) return low;
  const T away = std::abs(x - low);
  const T rest = std::fmod(away, 2 * span);
  return low + (rest <= span ? rest : 2 * span - rest);
}

/// The pixels along one axis that one grid coordinate meets, and their weights.
template <class T>
struct Taps {
  std::array<std::int64_t, kMaxTaps> positions;  // -1: nothing is there
  std::array<T, kMaxTaps> weights;
};

template <class T>
class AxisSampler {
 public:
  AxisSampler(const Sampling& sampling, std::int64_t length)
      : sampling_(sampling),
        length_(length),
        low_(sampling.align_corners ? T{0} : T{-0.5}),
        high_(sampling.align_corners ? static_cast<T>(length - 1) : static_cast<T>(length) - T{0.5}) {}

  std::size_t count() const { return sampling_.mode == Mode::nearest ? 1 : sampling_.mode == Mode::linear ? 2 : 4; }

  /// `coordinate` is in [-1, 1] within the image.
  Taps<T> taps(T coordinate) const {
    const auto n = static_cast<T>(length_);
    T x = sampling_.align_corners ? (coordinate + 1) / 2 * (n - 1) : ((coordinate + 1) * n - 1) / 2;
    if (sampling_.mode != Mode::cubic) x = padded(x);
    Taps<T> taps;
    if (sampling_.mode == Mode::nearest) {
      taps.positions[0] = position(std::nearbyint(x));
      taps.weights[0] = 1;
      return taps;
    }
    const T floor = std::floor(x);
    const T t = x - floor;
    if (sampling_.mode == Mode::linear) {
      taps.weights = {1 - t, t, 0, 0};
      for (std::size_t k = 0; k < 2; ++k) taps.positions[k] = position(floor + static_cast<T>(k));
      return taps;
    }
    taps.weights = {cubic(1 + t), cubic(t), cubic(1 - t), cubic(2 - t)};
    for (std::size_t k = 0; k < 4; ++k) taps.positions[k] = position(padded(floor - 1 + static_cast<T>(k)));
    return taps;
  }

 private:
  T padded(T x) const {
    if (sampling_.padding == Padding::border) return std::clamp(x, T{0}, static_cast<T>(length_ - 1));
    if (sampling_.padding == Padding::reflection)
      return std::clamp(reflect(x, low_, high_), T{-1}, static_cast<T>(length_));
    return x;
  }

  /// The pixel at a whole coordinate; also false for NaN.
  std::int64_t position(T at) const {
    if (sampling_.padding != Padding::zeros) at = std::clamp(at, T{0}, static_cast<T>(length_ - 1));
    return at >= 0 && at < static_cast<T>(length_) ? static_cast<std::int64_t>(at) : -1;
  }

  /// Keys' kernel with a = -0.75, as in PyTorch.
  static T cubic(T x) {
    constexpr T a = T{-0.75};
    return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  }

  Sampling sampling_;
  std::int64_t length_;
  T low_;
  T high_;
};

/// The pixels that one grid point meets: the product of the taps of every axis, kept for all channels.
template <class T>
struct Stencil {
  static constexpr std::size_t kMost = 256;  // kMaxTaps to the power of kMaxAxes
  std::size_t count = 0;
  std::array<std::int64_t, kMost> offsets;
  std::array<T, kMost> weights;
};

template <class T>
class GridSample final : public Kernel {
 public:
  GridSample(const OpSite& site, const Sampling& sampling) {
    const Shape& x = site.input(0).shape;
    batch_ = x[0];
    channels_ = x[1];
    const Shape spatial(x.begin() + 2, x.end());
    plane_ = element_count(spatial);
    strides_ = row_major_strides(spatial);
    for (const std::int64_t length : spatial) axes_.emplace_back(sampling, length);
    points_ = element_count(site.input(1).shape) /
              std::max<std::int64_t>(1, batch_ * static_cast<std::int64_t>(axes_.size()));
  }

  void run(const KernelIo& io) override {
    const T* x = io.in(0).data<T>();
    const T* grid = io.in(1).data<T>();
    T* y = io.out(0).mutable_data<T>();
    constexpr std::int64_t kPointsPerChunk = 1024;
    parallel_ranges(batch_ * points_, kPointsPerChunk, [&](std::int64_t begin, std::int64_t end) {
      Stencil<T> stencil;
      for (std::int64_t i = begin; i < end; ++i) {
        fill(stencil, grid + i * static_cast<std::int64_t>(axes_.size()));
        const std::int64_t n = i / points_;
        const T* planes = x + n * channels_ * plane_;
        T* to = y + n * channels_ * points_ + i % points_;
        if (stencil.count == 4) {
          sample_channels_of_four(stencil, planes, to);
        } else {
          sample_channels(stencil, planes, to);
        }
      }
    });
  }

 private:
  /// The grid names coordinates fastest axis first.
  void fill(Stencil<T>& stencil, const T* point) const {
    stencil.count = 1;
    stencil.offsets[0] = 0;
    stencil.weights[0] = 1;
    for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
      const Taps<T> taps = axes_[axis].taps(point[axes_.size() - 1 - axis]);
      std::size_t taken = 0;  // taps that meet a pixel; the first one's products take the place of what was there
      const std::size_t before = stencil.count;
      std::array<std::size_t, kMaxTaps> present;
      for (std::size_t k = 0; k < axes_[axis].count(); ++k) {
        if (taps.positions[k] >= 0) present[taken++] = k;
      }
      stencil.count = before * taken;
      for (std::size_t place = taken; place-- > 0;) {
        const std::int64_t offset = taps.positions[present[place]] * strides_[axis];
        for (std::size_t i = 0; i < before; ++i) {
          stencil.offsets[place * before + i] = stencil.offsets[i] + offset;
          stencil.weights[place * before + i] = stencil.weights[i] * taps.weights[present[place]];
        }
      }
    }
  }

  /// One point of every channel.
  void sample_channels(const Stencil<T>& stencil, const T* planes, T* to) const {
    for (std::int64_t c = 0; c < channels_; ++c) {
      T sum = 0;
      for (std::size_t k = 0; k < stencil.count; ++k) sum += stencil.weights[k] * planes[stencil.offsets[k]];
      to[c * points_] = sum;
      planes += plane_;
    }
  }

  /// The usual case, bilinear inside the image, with everything in registers; the sum runs in the same order.
  void sample_channels_of_four(const Stencil<T>& stencil, const T* planes, T* to) const {
    const auto [a, b, c, d] =
        std::array{stencil.offsets[0], stencil.offsets[1], stencil.offsets[2], stencil.offsets[3]};
    const auto [p, q, r, s] =
        std::array{stencil.weights[0], stencil.weights[1], stencil.weights[2], stencil.weights[3]};
    for (std::int64_t channel = 0; channel < channels_; ++channel) {
      to[channel * points_] = p * planes[a] + q * planes[b] + r * planes[c] + s * planes[d];
      planes += plane_;
    }
  }

  std::int64_t batch_ = 0;
  std::int64_t channels_ = 0;
  std::int64_t plane_ = 0;
  std::int64_t points_ = 0;
  Shape strides_;
  std::vector<AxisSampler<T>> axes_;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Sampling sampling{.mode = chosen(site, "mode", kModes, site.opset < 20 ? "bilinear" : "linear"),
                          .padding = chosen(site, "padding_mode", kPaddings, "zeros"),
                          .align_corners = site.node.get_int("align_corners", 0) != 0};
  return for_float(site, site.input(0).dtype, [&]<class T>() -> std::unique_ptr<Kernel> {
    return std::make_unique<GridSample<T>>(site, sampling);
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "GridSample", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_grid_sample() { return kOps; }

}  // namespace zeropoint
