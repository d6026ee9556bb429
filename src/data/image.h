// Decodes JPEG and PNG images, whose bytes are treated as hostile, as Pillow's convert("RGB") does:
// exact inverse transform, smooth chroma, alpha dropped, 16 bits cut to 8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "zeropoint/tensor.h"

namespace zeropoint {

/// uint8 [height, width, channels]: 3 channels (RGB), or 1 for a grey image.
/// Throws invalid_data naming `where`: damaged or cut off, another format, or larger than its bytes can justify.
Tensor decode_image(std::span<const std::byte> bytes, const std::string& where);

/// The two formats; decode_image() looks at the first bytes.
Tensor decode_jpeg(std::span<const std::byte> bytes, const std::string& where);
Tensor decode_png(std::span<const std::byte> bytes, const std::string& where);

constexpr std::int64_t kMaxImagePixels = std::int64_t{1} << 28U;

}  // namespace zeropoint
