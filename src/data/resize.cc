#include "data/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/fail.h"
#include "base/nearest.h"

namespace zeropoint {
namespace {

double box(double x) { return x > -0.5 && x <= 0.5 ? 1 : 0; }

double bilinear(double x) {
  x = std::abs(x);
  return x < 1 ? 1 - x : 0;
}

/// Keys' cubic with a = -1/2.
double bicubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1) return ((kA + 2) * x - (kA + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * kA;
  return 0;
}

double sinc(double x) {
  if (x == 0) return 1;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

struct FilterRow {
  std::string_view name;
  double support;  // half the width, in pixels of the larger image
  double (*weight)(double x);
};

constexpr std::array<FilterRow, 4> kFilters = {{
    // in the order of ResizeFilter
    {"box", 0.5, box},
    {"bilinear", 1, bilinear},
    {"bicubic", 2, bicubic},
    {"lanczos", 3, lanczos},
}};

/// How output pixels of one axis are made: weights over a run of source pixels each.
struct Taps {
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> count;
  std::vector<double> weights;  // `width` per output pixel
  std::int64_t width = 0;

  const double* at(std::int64_t i) const { return weights.data() + i * width; }
};

Taps make_taps(std::int64_t from_size, std::int64_t to_size, std::int64_t begin, std::int64_t count,
               const FilterRow& filter) {
  const double scale = static_cast<double>(from_size) / static_cast<double>(to_size);
  const double stretch = std::max(scale, 1.0);
  const double support = filter.support * stretch;
  Taps taps;
  taps.width = static_cast<std::int64_t>(std::ceil(support)) * 2 + 1;
  taps.weights.assign(static_cast<std::size_t>(count * taps.width), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    const double center = (static_cast<double>(begin + i) + 0.5) * scale;
    const auto first = std::max<std::int64_t>(static_cast<std::int64_t>(std::floor(center - support + 0.5)), 0);
    const auto last = std::min<std::int64_t>(static_cast<std::int64_t>(std::floor(center + support + 0.5)), from_size);
    double* weights = taps.weights.data() + i * taps.width;
    double sum = 0;
    for (std::int64_t x = first; x < last; ++x) {
      const double w = filter.weight((static_cast<double>(x) - center + 0.5) * (1 / stretch));
      weights[x - first] = w;
      sum += w;
    }
    for (std::int64_t x = 0; x < last - first; ++x) {
      if (sum != 0) weights[x] /= sum;
    }
    taps.first.push_back(first);
    taps.count.push_back(last - first);
  }
  return taps;
}

/// The arithmetic of each element type: how a weight is kept, how products are summed and rounded.
struct FixedPoint {
  using Element = std::uint8_t;
  using Weight = std::int32_t;
  using Sum = std::int32_t;  // 255 * 2^22 < 2^30, and negative lobes add less than half of that
  static constexpr int kBits = 22;

  static Weight weight(double w) { return static_cast<Weight>((w < 0 ? -0.5 : 0.5) + w * (1 << kBits)); }
  static constexpr Sum kStart = 1 << (kBits - 1);
  static Element finish(Sum sum) { return static_cast<Element>(std::clamp(sum >> kBits, 0, 255)); }
};

struct FloatingPoint {
  using Element = float;
  using Weight = double;
  using Sum = double;

  static Weight weight(double w) { return w; }
  static constexpr Sum kStart = 0;
  static Element finish(Sum sum) { return static_cast<float>(sum); }
};

template <class Arithmetic>
std::vector<typename Arithmetic::Weight> convert_weights(const Taps& taps) {
  std::vector<typename Arithmetic::Weight> out(taps.weights.size());
  std::transform(taps.weights.begin(), taps.weights.end(), out.begin(), Arithmetic::weight);
  return out;
}

/// Each row of [rows, from_width, channels] to [rows, taps, channels].
template <class Arithmetic>
std::vector<typename Arithmetic::Element> horizontal(const typename Arithmetic::Element* image, std::int64_t rows,
                                                     std::int64_t from_width, std::int64_t channels, const Taps& taps) {
  using Sum = typename Arithmetic::Sum;
  const auto weights = convert_weights<Arithmetic>(taps);
  const auto width = static_cast<std::int64_t>(taps.first.size());
  std::vector<typename Arithmetic::Element> out(static_cast<std::size_t>(rows * width * channels));
  auto* to = out.data();
  for (std::int64_t y = 0; y < rows; ++y) {
    const auto* row = image + y * from_width * channels;
    for (std::int64_t x = 0; x < width; ++x) {
      const auto* first = row + taps.first[static_cast<std::size_t>(x)] * channels;
      const auto* weight = weights.data() + x * taps.width;
      const std::int64_t count = taps.count[static_cast<std::size_t>(x)];
      for (std::int64_t c = 0; c < channels; ++c) {
        Sum sum = Arithmetic::kStart;
        for (std::int64_t k = 0; k < count; ++k) sum += first[k * channels + c] * weight[k];
        *to++ = Arithmetic::finish(sum);
      }
    }
  }
  return out;
}

/// Rows of `length` elements, the first of which is row `offset` of the image, to [taps, length].
template <class Arithmetic>
void vertical(const typename Arithmetic::Element* rows, std::int64_t offset, std::int64_t length, const Taps& taps,
              typename Arithmetic::Element* to) {
  const auto weights = convert_weights<Arithmetic>(taps);
  std::vector<typename Arithmetic::Sum> sums(static_cast<std::size_t>(length));
  for (std::size_t y = 0; y < taps.first.size(); ++y) {
    std::fill(sums.begin(), sums.end(), Arithmetic::kStart);
    for (std::int64_t k = 0; k < taps.count[y]; ++k) {
      const auto weight = weights[y * static_cast<std::size_t>(taps.width) + static_cast<std::size_t>(k)];
      const auto* row = rows + (taps.first[y] - offset + k) * length;
      for (std::int64_t i = 0; i < length; ++i) sums[static_cast<std::size_t>(i)] += row[i] * weight;
    }
    for (std::int64_t i = 0; i < length; ++i) *to++ = Arithmetic::finish(sums[static_cast<std::size_t>(i)]);
  }
}

/// A pass that would change nothing is left out: it would be exact, and it costs time.
bool is_identity(std::int64_t from, std::int64_t to) { return from == to; }

template <class Arithmetic>
Tensor resize_as(const Tensor& image, ImageSize size, const ResizeWindow& window, const FilterRow& filter) {
  using Element = typename Arithmetic::Element;
  const std::int64_t height = image.dim(0);
  const std::int64_t width = image.dim(1);
  const std::int64_t channels = image.dim(2);
  const Taps across = make_taps(width, size.width, window.left, window.size.width, filter);
  const Taps down = make_taps(height, size.height, window.top, window.size.height, filter);
  const std::int64_t row_length = window.size.width * channels;
  Tensor out = Tensor::allocate(image.dtype(), {window.size.height, window.size.width, channels});
  if (out.size() == 0) return out;

  const std::int64_t first_row = is_identity(height, size.height) ? window.top : down.first.front();
  const std::int64_t last_row =
      is_identity(height, size.height) ? window.top + window.size.height : down.first.back() + down.count.back();
  const Element* source = image.data<Element>() + first_row * width * channels;
  std::vector<Element> narrowed;
  if (is_identity(width, size.width)) {
    for (std::int64_t y = 0; y < last_row - first_row; ++y) {
      const Element* row = source + (y * width + window.left) * channels;
      narrowed.insert(narrowed.end(), row, row + row_length);
    }
  } else {
    narrowed = horizontal<Arithmetic>(source, last_row - first_row, width, channels, across);
  }
  if (is_identity(height, size.height)) {
    std::copy(narrowed.begin(), narrowed.end(), out.mutable_data<Element>());
  } else {
    vertical<Arithmetic>(narrowed.data(), first_row, row_length, down, out.mutable_data<Element>());
  }
  return out;
}

}  // namespace

ResizeFilter find_resize_filter(std::string_view name) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kFilters.size(); ++i) {
    if (kFilters[i].name == name) return static_cast<ResizeFilter>(i);
    names.push_back(kFilters[i].name);
  }
  throw Error(ErrorKind::invalid_option, "--preprocess", unknown_word("filter", name, names));
}

Tensor resize_image(const Tensor& image, ImageSize size, const ResizeWindow& window, ResizeFilter filter) {
  const FilterRow& row = kFilters[static_cast<std::size_t>(filter)];
  if (image.dtype() == DType::u8) return resize_as<FixedPoint>(image, size, window, row);
  if (image.dtype() == DType::f32) return resize_as<FloatingPoint>(image, size, window, row);
  fail(ErrorKind::internal, "resize", "{} images are not resized", name(image.dtype()));
}

}  // namespace zeropoint
