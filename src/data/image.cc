#include "data/image.h"

#include <string_view>

#include "base/fail.h"

namespace zeropoint {

Tensor decode_image(std::span<const std::byte> bytes, const std::string& where) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with("\xFF\xD8")) return decode_jpeg(bytes, where);
  if (text.starts_with("\x89PNG\r\n\x1A\n")) return decode_png(bytes, where);
  fail(ErrorKind::invalid_data, where, "is neither a JPEG nor a PNG image");
}

}  // namespace zeropoint
