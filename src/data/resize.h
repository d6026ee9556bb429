// Resizes images as Pillow's Image.resize() does, bit for bit for uint8: a separable filter that is
// widened when the image shrinks (antialiasing), horizontal pass first.
//
// Only the window that a later crop keeps is computed. Source: Pillow's Resample.c, whose arithmetic
// for 8 bits (22-bit fixed-point weights, rounding after each pass) is followed exactly.
#pragma once

#include <cstdint>
#include <string_view>

#include "zeropoint/tensor.h"

namespace zeropoint {

enum class ResizeFilter { box, bilinear, bicubic, lanczos };

/// Throws invalid_option listing the names.
ResizeFilter find_resize_filter(std::string_view name);

struct ImageSize {
  std::int64_t height = 0;
  std::int64_t width = 0;

  bool operator==(const ImageSize&) const = default;
};

/// A rectangle of the resized image.
struct ResizeWindow {
  std::int64_t top = 0;
  std::int64_t left = 0;
  ImageSize size;
};

/// `image` is [height, width, channels], uint8 or float32; the result is the window of it at `size`.
Tensor resize_image(const Tensor& image, ImageSize size, const ResizeWindow& window, ResizeFilter filter);

}  // namespace zeropoint
