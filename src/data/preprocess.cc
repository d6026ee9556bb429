#include "data/preprocess.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/fail.h"
#include "data/convert.h"

namespace zeropoint {
namespace {

/// How much a dimension looks like channels: RGB before grey before RGB with alpha.
int channel_likeness(std::int64_t n) { return n == 3 ? 3 : n == 1 ? 2 : n == 4 ? 1 : 0; }

ImageLayout guess_layout(const Shape& shape, const std::string& where) {
  const int first = channel_likeness(shape[0]);
  const int last = channel_likeness(shape[2]);
  if (first != last) return last > first ? ImageLayout::nhwc : ImageLayout::nchw;
  fail(ErrorKind::invalid_data, where, "{} may be either layout: add from=nchw or from=nhwc to --preprocess",
       to_string(shape));
}

/// The layout that the model's dimensions (without the batch axis) suggest for an image of so many channels.
ImageLayout guess_wanted(std::span<const Dim> wanted, std::int64_t channels) {
  const bool is_last = wanted.size() == 3 && wanted[2].value == channels && wanted[0].value != channels;
  return is_last ? ImageLayout::nhwc : ImageLayout::nchw;
}

/// [a, b, c] -> [c, a, b] (to_front) or [b, c, a].
Tensor move_channels(const Tensor& image, bool to_front) {
  const std::int64_t rows = to_front ? image.dim(0) * image.dim(1) : image.dim(0);
  const std::int64_t columns = to_front ? image.dim(2) : image.dim(1) * image.dim(2);
  const Shape shape =
      to_front ? Shape{image.dim(2), image.dim(0), image.dim(1)} : Shape{image.dim(1), image.dim(2), image.dim(0)};
  Tensor out = Tensor::allocate(image.dtype(), shape);
  const auto transpose = [&]<class T>(const T* from, T* to) {
    for (std::int64_t c = 0; c < columns; ++c) {
      for (std::int64_t r = 0; r < rows; ++r) to[c * rows + r] = from[r * columns + c];
    }
  };
  if (image.dtype() == DType::u8) {
    transpose(image.data<std::uint8_t>(), out.mutable_data<std::uint8_t>());
  } else {
    transpose(image.data<float>(), out.mutable_data<float>());
  }
  return out;
}

/// ITU-R 601 luma in 16-bit fixed point, as Pillow's convert("L").
std::uint8_t luma(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
}
float luma(const float* rgb) { return 0.299F * rgb[0] + 0.587F * rgb[1] + 0.114F * rgb[2]; }

/// [height, width, 1, 3 or 4] in RGB order to the channels that are wanted.
template <class T>
Tensor select_channels_as(const Tensor& image, Channels wanted) {
  const std::int64_t stored = image.dim(2);
  const std::int64_t count = wanted == Channels::gray ? 1 : 3;
  Tensor out = Tensor::allocate(image.dtype(), {image.dim(0), image.dim(1), count});
  const T* from = image.data<T>();
  T* to = out.mutable_data<T>();
  for (std::int64_t i = 0; i < image.dim(0) * image.dim(1); ++i, from += stored, to += count) {
    if (count == 1) {
      to[0] = stored == 1 ? from[0] : luma(from);
      continue;
    }
    for (std::int64_t c = 0; c < 3; ++c) {
      const std::int64_t source = wanted == Channels::bgr ? 2 - c : c;
      to[c] = stored == 1 ? from[0] : from[source];
    }
  }
  return out;
}

Tensor select_channels(const Tensor& image, Channels wanted) {
  const std::int64_t stored = image.dim(2);
  if (wanted == Channels::as_stored) return image;
  if ((wanted == Channels::rgb && stored == 3) || (wanted == Channels::gray && stored == 1)) return image;
  return image.dtype() == DType::u8 ? select_channels_as<std::uint8_t>(image, wanted)
                                    : select_channels_as<float>(image, wanted);
}

/// Python's round(): halves go to the even neighbour; torchvision's centre crop is defined with it.
std::int64_t half_rounded(std::int64_t n) { return n / 2 + (n % 2 != 0 && n / 2 % 2 != 0 ? 1 : 0); }

Tensor resize_and_crop(const Preprocess& spec, const Tensor& image, const std::string& where) {
  const ImageSize stored{image.dim(0), image.dim(1)};
  if (stored.height == 0 || stored.width == 0) fail(ErrorKind::invalid_data, where, "is an empty image");
  ImageSize size = spec.exact_size.value_or(stored);
  if (spec.short_side > 0) {  // the longer side is cut down to a whole number, as torchvision's Resize does
    const std::int64_t shorter = std::min(stored.height, stored.width);
    size = {spec.short_side * stored.height / shorter, spec.short_side * stored.width / shorter};
  }
  const ImageSize kept = spec.crop.value_or(size);
  if (kept.height > size.height || kept.width > size.width) {
    fail(ErrorKind::invalid_data, where, "has {} x {} pixels (height x width), too few for crop={}x{}", size.height,
         size.width, kept.height, kept.width);
  }
  if (kept == stored) return image;
  if (size.height * size.width > (std::int64_t{1} << 30)) {
    fail(ErrorKind::invalid_data, where, "would become {} x {} pixels (height x width)", size.height, size.width);
  }
  const ResizeWindow window{half_rounded(size.height - kept.height), half_rounded(size.width - kept.width), kept};
  return resize_image(image, size, window, spec.filter);
}

/// One channel's arithmetic: (x * scale - mean) / std in float32, each step rounded.
struct Normalize {
  Ratio scale;
  float mean = 0;
  float std = 1;

  float operator()(float x) const {
    if (scale.numerator != 1) x *= scale.numerator;
    if (scale.denominator != 1) x /= scale.denominator;
    return (x - mean) / std;
  }
};

Normalize normalize_for(const Preprocess& spec, std::size_t channel) {
  const auto pick = [channel](const std::vector<float>& list, float otherwise) {
    return list.empty() ? otherwise : list.size() == 1 ? list[0] : list[channel];
  };
  return {spec.scale, pick(spec.mean, 0), pick(spec.std, 1)};
}

void require_channel_lists(const Preprocess& spec, std::int64_t channels, const std::string& where) {
  for (const auto& [key, list] : {std::pair("mean", &spec.mean), std::pair("std", &spec.std)}) {
    const auto count = static_cast<std::int64_t>(list->size());
    if (count > 1 && count != channels) {
      fail(ErrorKind::invalid_data, where, "has {} channels, --preprocess gives {} values for {}", channels, count,
           key);
    }
  }
}

/// `n` elements, `stride` apart in the source, in a row in the result.
template <class T>
void normalize_run(const Normalize& normalize, const T* from, std::int64_t from_stride, std::int64_t n, float* to,
                   std::int64_t to_stride) {
  if constexpr (sizeof(T) == 1) {  // 256 possible results
    std::array<float, 256> table;
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = normalize(static_cast<float>(i));
    for (std::int64_t i = 0; i < n; ++i) to[i * to_stride] = table[from[i * from_stride]];
  } else {
    for (std::int64_t i = 0; i < n; ++i) to[i * to_stride] = normalize(from[i * from_stride]);
  }
}

/// [height, width, channels] to float32 in the layout that is wanted.
template <class T>
Tensor normalize_image(const Preprocess& spec, const Tensor& image, ImageLayout layout) {
  const std::int64_t pixels = image.dim(0) * image.dim(1);
  const std::int64_t channels = image.dim(2);
  const bool is_first = layout == ImageLayout::nchw;
  Tensor out = Tensor::allocate(DType::f32, is_first ? Shape{channels, image.dim(0), image.dim(1)} : image.shape());
  for (std::int64_t c = 0; c < channels; ++c) {
    float* to = out.mutable_data<float>() + (is_first ? c * pixels : c);
    normalize_run(normalize_for(spec, static_cast<std::size_t>(c)), image.data<T>() + c, channels, pixels, to,
                  is_first ? 1 : channels);
  }
  return out;
}

/// Arithmetic alone, for an array of any rank.
Tensor normalize_values(const Preprocess& spec, const Tensor& sample, const std::string& where) {
  if (!spec.has_arithmetic()) return sample;
  const Normalize normalize = normalize_for(spec, 0);
  Tensor out = Tensor::allocate(DType::f32, sample.shape());
  if (sample.dtype() == DType::u8) {
    normalize_run(normalize, sample.data<std::uint8_t>(), 1, sample.size(), out.mutable_data<float>(), 1);
  } else {
    const Tensor values = convert(sample, DType::f32, where);
    normalize_run(normalize, values.data<float>(), 1, values.size(), out.mutable_data<float>(), 1);
  }
  return out;
}

/// [height, width, channels] in uint8 or float32, whatever the array's layout was.
Tensor as_image(const Preprocess& spec, const Tensor& sample, bool is_image, const std::string& where) {
  const Tensor values = sample.dtype() == DType::u8 ? sample : convert(sample, DType::f32, where);
  if (is_image) return values;
  if (values.rank() == 2) return values.reshaped({values.dim(0), values.dim(1), 1});
  if (values.rank() != 3) {
    fail(ErrorKind::invalid_data, where, "{} is no image: --preprocess wants height, width and channels",
         to_string(sample.shape()));
  }
  const ImageLayout stored = spec.from == ImageLayout::guess ? guess_layout(values.shape(), where) : spec.from;
  return stored == ImageLayout::nchw ? move_channels(values, /*to_front=*/false) : values;
}

bool wants_gray(std::span<const Dim> wanted) {
  if (wanted.size() == 2) return true;
  if (wanted.size() != 3 || wanted[0].value == 3 || wanted[2].value == 3) return false;
  return wanted[0].value == 1 || wanted[2].value == 1;
}

/// Image files come grey or in colour: where nothing is asked for, the model decides.
Channels channels_for(const Preprocess& spec, const Tensor& image, std::span<const Dim> wanted, bool is_image,
                      const std::string& where) {
  if (spec.channels != Channels::as_stored && channel_likeness(image.dim(2)) == 0) {
    fail(ErrorKind::invalid_data, where, "has {} channels; 1, 3 or 4 can be converted", image.dim(2));
  }
  if (spec.channels != Channels::as_stored || !is_image) return spec.channels;
  return wants_gray(wanted) ? Channels::gray : Channels::rgb;
}

Tensor into_layout(const Preprocess& spec, const Tensor& image, ImageLayout layout) {
  if (spec.has_arithmetic()) {
    return image.dtype() == DType::u8 ? normalize_image<std::uint8_t>(spec, image, layout)
                                      : normalize_image<float>(spec, image, layout);
  }
  return layout == ImageLayout::nchw ? move_channels(image, /*to_front=*/true) : image;
}

bool may_be_image(const Shape& shape) { return channel_likeness(shape[0]) > 0 || channel_likeness(shape[2]) > 0; }

}  // namespace

bool Preprocess::has_arithmetic() const {
  return scale.numerator != 1 || scale.denominator != 1 || !mean.empty() || !std.empty();
}

bool Preprocess::needs_image() const {
  return channels != Channels::as_stored || short_side > 0 || exact_size || crop || mean.size() > 1 || std.size() > 1 ||
         from != ImageLayout::guess || layout != ImageLayout::guess;
}

Tensor Preprocess::apply(const Tensor& sample, std::span<const Dim> wanted, bool is_image,
                         const std::string& where) const {
  const bool is_bytes = sample.dtype() == DType::u8;
  const bool is_pixels = is_bytes && sample.rank() == 3 && may_be_image(sample.shape());
  if (!is_image && !is_pixels && !needs_image()) return normalize_values(*this, sample, where);

  Tensor image = as_image(*this, sample, is_image, where);
  image = select_channels(image, channels_for(*this, image, wanted, is_image, where));
  image = resize_and_crop(*this, image, where);
  require_channel_lists(*this, image.dim(2), where);
  image = into_layout(*this, image, layout == ImageLayout::guess ? guess_wanted(wanted, image.dim(2)) : layout);
  const bool drops_channel_axis = wanted.size() == 2 && image.dim(0) == 1;  // the model wants [height, width]
  return drops_channel_axis ? image.reshaped({image.dim(1), image.dim(2)}) : image;
}

}  // namespace zeropoint
