#include "data/image.h"

#include <cstdio>  // jpeglib.h needs FILE
// png.h and jpeglib.h write what the tests read.
#include <gmock/gmock.h>
#include <jpeglib.h>
#include <png.h>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::byte> encode_png(png_uint_32 format, png_uint_32 width, png_uint_32 height, const void* pixels) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.format = format;
  image.width = width;
  image.height = height;
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&image, nullptr, &size, 0, pixels, 0, nullptr);
  std::vector<std::byte> bytes(size);
  png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels, 0, nullptr);
  bytes.resize(size);
  return bytes;
}

std::vector<std::byte> encode_jpeg(J_COLOR_SPACE space, int channels, int width, int height, std::uint8_t value) {
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = channels;
  info.in_color_space = space;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 100, TRUE);
  jpeg_start_compress(&info, TRUE);
  std::vector<std::uint8_t> row(static_cast<std::size_t>(width * channels), value);
  for (int y = 0; y < height; ++y) {
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  std::vector<std::byte> bytes(reinterpret_cast<std::byte*>(buffer), reinterpret_cast<std::byte*>(buffer) + size);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return bytes;
}

std::string refusal(std::span<const std::byte> bytes) {
  try {
    decode_image(bytes, "x.img");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Image, DecodesPng) {
  const std::uint8_t rgb[] = {1, 2, 3, 4, 5, 6};
  const Tensor image = decode_image(encode_png(PNG_FORMAT_RGB, 2, 1, rgb), "x");
  EXPECT_EQ(image.shape(), (Shape{1, 2, 3}));
  EXPECT_THAT(image.values<std::uint8_t>(), ElementsAre(1, 2, 3, 4, 5, 6));

  const std::uint8_t rgba[] = {10, 20, 30, 0};
  EXPECT_THAT(decode_image(encode_png(PNG_FORMAT_RGBA, 1, 1, rgba), "x").values<std::uint8_t>(),
              ElementsAre(10, 20, 30));

  const std::uint8_t gray[] = {9, 8};
  EXPECT_EQ(decode_image(encode_png(PNG_FORMAT_GRAY, 1, 2, gray), "x").shape(), (Shape{2, 1, 1}));
}

TEST(Image, DecodesJpeg) {
  const Tensor gray = decode_image(encode_jpeg(JCS_GRAYSCALE, 1, 9, 4, 77), "x");
  EXPECT_EQ(gray.shape(), (Shape{4, 9, 1}));
  EXPECT_THAT(gray.values<std::uint8_t>(), ::testing::Each(77));
  const Tensor rgb = decode_image(encode_jpeg(JCS_RGB, 3, 9, 4, 77), "x");
  EXPECT_EQ(rgb.shape(), (Shape{4, 9, 3}));
  EXPECT_THAT(rgb.values<std::uint8_t>(), ::testing::Each(77));
  // 255 is no ink: white; 0 is all of it: black.
  EXPECT_THAT(decode_image(encode_jpeg(JCS_CMYK, 4, 8, 8, 255), "x").values<std::uint8_t>(), ::testing::Each(255));
  EXPECT_THAT(decode_image(encode_jpeg(JCS_CMYK, 4, 8, 8, 0), "x").values<std::uint8_t>(), ::testing::Each(0));
}

TEST(Image, RefusesWhatIsDamaged) {
  EXPECT_EQ(refusal({}), "x.img: is neither a JPEG nor a PNG image");
  const std::uint8_t rgb[48] = {1, 2, 3};
  for (std::vector<std::byte> bytes : {encode_png(PNG_FORMAT_RGB, 4, 4, rgb), encode_jpeg(JCS_RGB, 3, 40, 40, 9)}) {
    bytes.resize(bytes.size() * 2 / 3);
    EXPECT_THAT(refusal(bytes), HasSubstr("x.img: is a damaged"));
  }
}

TEST(Image, RefusesMorePixelsThanItsBytesCanHold) {
  std::vector<std::byte> jpeg = encode_jpeg(JCS_GRAYSCALE, 1, 8, 8, 9);
  for (std::size_t i = 0; i + 8 < jpeg.size(); ++i) {  // the frame header: FF C0, length, bits, height, width
    if (jpeg[i] != std::byte{0xFF} || jpeg[i + 1] != std::byte{0xC0}) continue;
    for (std::size_t k = 5; k < 9; ++k) jpeg[i + k] = std::byte{0xFE};
  }
  EXPECT_THAT(refusal(jpeg), HasSubstr("x.img: claims 65278 x 65278 pixels in"));
}

}  // namespace
}  // namespace zeropoint
