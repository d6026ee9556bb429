// What happens to an image or an array between the file and the model.
//
// In this order, each step only when it is asked for: channels (rgb, bgr, gray), resize, centre
// crop, x * scale, - mean, / std, layout. Written as a preset's name, as key=value pairs, or as a
// preset followed by pairs that override it: "imagenet,crop=192", "scale=1/255,mean=0.5,std=0.25".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/resize.h"
#include "executor/program.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

enum class Channels { as_stored, rgb, bgr, gray };
enum class ImageLayout { guess, nchw, nhwc };

/// A multiplier as the user wrote it: 1/255 divides by 255, which rounds once.
struct Ratio {
  float numerator = 1;
  float denominator = 1;
};

struct Preprocess {
  Channels channels = Channels::as_stored;
  std::int64_t short_side = 0;          // resize so that the shorter side has so many pixels
  std::optional<ImageSize> exact_size;  // or to this size
  ResizeFilter filter = ResizeFilter::bilinear;
  std::optional<ImageSize> crop;
  Ratio scale;
  std::vector<float> mean;  // none, one for all, or one per channel in the order that `channels` gives
  std::vector<float> std;
  ImageLayout from = ImageLayout::guess;    // how arrays are stored
  ImageLayout layout = ImageLayout::guess;  // what the model wants; guessed from its shape
  std::string input;                        // the model input it is for; empty: the only one
  bool is_empty = true;                     // nothing was asked for

  /// Throws invalid_option naming the key, with the keys or presets that exist.
  static Preprocess parse(std::string_view text);

  /// One sample, without a batch axis: an array of any rank, or an image [height, width, channels].
  /// `wanted` are the model's dimensions without the batch axis. The result is float32, or keeps its
  /// type when no arithmetic was asked for. Throws invalid_data naming `where`.
  Tensor apply(const Tensor& sample, std::span<const Dim> wanted, bool is_image, const std::string& where) const;

  bool has_arithmetic() const;
  bool needs_image() const;  ///< a step needs to know height, width and channels
};

struct PreprocessPreset {
  std::string_view name;
  std::string_view text;  // the same as key=value pairs
};
std::span<const PreprocessPreset> preprocess_presets();

}  // namespace zeropoint
