#include <png.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>

#include "base/fail.h"
#include "data/image.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kMaxDeflateRatio = 1032;
constexpr std::int64_t kSmallImageBytes = 1 << 16;  // too small to argue about
constexpr png_uint_32 kMaxSide = 1U << 20U;
constexpr png_alloc_size_t kMaxChunkBytes = 8U << 20U;

struct State {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::byte> rest;
  char message[128] = {};
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto& state = *static_cast<State*>(png_get_error_ptr(png));
  std::snprintf(state.message, sizeof(state.message), "%s", message);
  png_longjmp(png, 1);
}

void on_warning(png_structp /*png*/, png_const_charp /*message*/) {}

void on_read(png_structp png, png_bytep to, std::size_t count) {
  auto& state = *static_cast<State*>(png_get_io_ptr(png));
  if (count > state.rest.size()) png_error(png, "it ends early");
  std::memcpy(to, state.rest.data(), count);
  state.rest = state.rest.subspan(count);
}

// longjmp leaves the next two functions early: they must not own anything with a destructor.

bool read_header(State& state) {
  if (setjmp(png_jmpbuf(state.png)) != 0) return false;
  png_set_read_fn(state.png, &state, on_read);
  png_set_user_limits(state.png, kMaxSide, kMaxSide);
  png_set_chunk_malloc_max(state.png, kMaxChunkBytes);
  png_read_info(state.png, state.info);
  png_set_expand(state.png);  // palettes and 1, 2, 4 bits become 8 bits
  png_set_strip_16(state.png);
  png_set_strip_alpha(state.png);
  png_set_interlace_handling(state.png);
  png_read_update_info(state.png, state.info);
  return true;
}

bool read_pixels(State& state, png_bytepp rows) {
  if (setjmp(png_jmpbuf(state.png)) != 0) return false;
  png_read_image(state.png, rows);
  return true;
}

class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) {
    state.rest = bytes;
    state.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, on_error, on_warning);
    if (state.png != nullptr) state.info = png_create_info_struct(state.png);
    if (state.info == nullptr) fail(ErrorKind::io, "memory", "libpng cannot start");
  }
  ~Decoder() { png_destroy_read_struct(&state.png, &state.info, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  State state;
};

}  // namespace

Tensor decode_png(std::span<const std::byte> bytes, const std::string& where) {
  Decoder decoder(bytes);
  State& state = decoder.state;
  if (!read_header(state)) fail(ErrorKind::invalid_data, where, "is a damaged PNG: {}", state.message);
  const std::int64_t height = png_get_image_height(state.png, state.info);
  const std::int64_t width = png_get_image_width(state.png, state.info);
  const std::int64_t channels = png_get_channels(state.png, state.info);
  const auto file_bytes = static_cast<std::int64_t>(bytes.size());
  // One bit per pixel at least, before deflate.
  const std::int64_t justified = std::max(kSmallImageBytes, file_bytes * kMaxDeflateRatio * 8);
  if (height * width > std::min(kMaxImagePixels, justified)) {
    fail(ErrorKind::invalid_data, where, "claims {} x {} pixels in {} bytes", width, height, file_bytes);
  }
  Tensor image = Tensor::allocate(DType::u8, {height, width, channels});
  std::vector<png_bytep> rows(static_cast<std::size_t>(height));
  for (std::size_t y = 0; y < rows.size(); ++y) {
    rows[y] = image.mutable_data<std::uint8_t>() + y * static_cast<std::size_t>(width * channels);
  }
  if (!read_pixels(state, rows.data())) fail(ErrorKind::invalid_data, where, "is a damaged PNG: {}", state.message);
  return image;
}

}  // namespace zeropoint
