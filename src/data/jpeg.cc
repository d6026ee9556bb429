#include <cstdio>  // jpeglib.h needs FILE
// jerror.h is part of jpeglib.h's interface and comes after it.
#include <jpeglib.h>

#include <jerror.h>

#include <algorithm>
#include <csetjmp>

#include "base/fail.h"
#include "data/image.h"

namespace zeropoint {
namespace {

// An image whose blocks are all empty takes one bit per 8x8 block: no JPEG has more pixels per byte.
constexpr std::int64_t kMaxPixelsPerByte = 512;
constexpr int kMaxScans = 1000;  // a progressive image of a few bytes may ask for endless passes

/// What libjpeg's callbacks know.
struct State {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
};

State& state_of(j_common_ptr info) { return *static_cast<State*>(info->client_data); }

[[noreturn]] void on_error(j_common_ptr info) {
  State& state = state_of(info);
  info->err->format_message(info, state.message);
  std::longjmp(state.escape, 1);
}

void on_message(j_common_ptr info, int /*level*/) {
  if (info->err->msg_code == JWRN_JPEG_EOF) on_error(info);  // libjpeg would make the missing pixels up
}

void on_progress(j_common_ptr info) {
  State& state = state_of(info);
  if (state.info.input_scan_number <= kMaxScans) return;
  std::snprintf(state.message, sizeof(state.message), "it has more than %d scans", kMaxScans);
  std::longjmp(state.escape, 1);
}

// longjmp leaves the next two functions early: they must not own anything with a destructor.

bool read_header(State& state, std::span<const std::byte> bytes) {
  if (setjmp(state.escape) != 0) return false;
  jpeg_create_decompress(&state.info);
  state.info.progress = &state.progress;
  jpeg_mem_src(&state.info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&state.info, TRUE);
  switch (state.info.jpeg_color_space) {
    case JCS_GRAYSCALE:
      state.info.out_color_space = JCS_GRAYSCALE;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      state.info.out_color_space = JCS_CMYK;
      break;
    default:
      state.info.out_color_space = JCS_RGB;
  }
  state.info.dct_method = JDCT_ISLOW;
  state.info.do_fancy_upsampling = TRUE;
  jpeg_calc_output_dimensions(&state.info);
  return true;
}

bool read_pixels(State& state, std::uint8_t* pixels) {
  if (setjmp(state.escape) != 0) return false;
  jpeg_start_decompress(&state.info);
  const std::size_t row_bytes =
      static_cast<std::size_t>(state.info.output_width) * static_cast<std::size_t>(state.info.output_components);
  while (state.info.output_scanline < state.info.output_height) {
    JSAMPROW row = pixels + state.info.output_scanline * row_bytes;
    jpeg_read_scanlines(&state.info, &row, 1);
  }
  return true;
}

class Decoder {
 public:
  Decoder() {
    state.info.err = jpeg_std_error(&state.errors);
    state.info.client_data = &state;
    state.errors.error_exit = on_error;
    state.errors.emit_message = on_message;
    state.progress.progress_monitor = on_progress;
  }
  ~Decoder() { jpeg_destroy_decompress(&state.info); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  State state = {};
};

/// a * b / 255, rounded.
std::uint8_t scaled(std::uint8_t a, std::uint8_t b) {
  const unsigned product = a * b + 128U;
  return static_cast<std::uint8_t>((product + (product >> 8U)) >> 8U);
}

/// Adobe's programs, which write nearly all of these files, store the ink inverted: 255 is no ink.
Tensor cmyk_to_rgb(const Tensor& cmyk) {
  Tensor rgb = Tensor::allocate(DType::u8, {cmyk.dim(0), cmyk.dim(1), 3});
  const std::uint8_t* from = cmyk.data<std::uint8_t>();
  std::uint8_t* to = rgb.mutable_data<std::uint8_t>();
  for (std::int64_t i = 0; i < cmyk.dim(0) * cmyk.dim(1); ++i, from += 4, to += 3) {
    for (int c = 0; c < 3; ++c)
      to[c] = static_cast<std::uint8_t>(from[3] - scaled(static_cast<std::uint8_t>(255 - from[c]), from[3]));
  }
  return rgb;
}

}  // namespace

Tensor decode_jpeg(std::span<const std::byte> bytes, const std::string& where) {
  Decoder decoder;
  State& state = decoder.state;
  if (!read_header(state, bytes)) fail(ErrorKind::invalid_data, where, "is a damaged JPEG: {}", state.message);
  const auto height = static_cast<std::int64_t>(state.info.output_height);
  const auto width = static_cast<std::int64_t>(state.info.output_width);
  const auto file_bytes = static_cast<std::int64_t>(bytes.size());
  if (height * width > std::min(kMaxImagePixels, kMaxPixelsPerByte * file_bytes)) {
    fail(ErrorKind::invalid_data, where, "claims {} x {} pixels in {} bytes", width, height, file_bytes);
  }
  Tensor image = Tensor::allocate(DType::u8, {height, width,
                                              state.info.out_color_space == JCS_GRAYSCALE ? 1
                                              : state.info.out_color_space == JCS_CMYK    ? 4
                                                                                          : 3});
  if (!read_pixels(state, image.mutable_data<std::uint8_t>())) {
    fail(ErrorKind::invalid_data, where, "is a damaged JPEG: {}", state.message);
  }
  return image.dim(2) == 4 ? cmyk_to_rgb(image) : image;
}

}  // namespace zeropoint
