#include "data/resize.h"

#include <gmock/gmock.h>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

/// [5, 7, 3] of bytes without a pattern.
Tensor sample_image() {
  Tensor image = Tensor::allocate(DType::u8, {5, 7, 3});
  for (int i = 0; i < 105; ++i)
    image.mutable_data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * 37 + 11 * (i / 7));
  return image;
}

std::vector<int> resized(ResizeFilter filter) {
  const Tensor out = resize_image(sample_image(), {2, 3}, {.size = {2, 3}}, filter);
  return {out.values<std::uint8_t>().begin(), out.values<std::uint8_t>().end()};
}

// The numbers are those of Pillow 13.0, Image.resize((3, 2), ...).
TEST(Resize, EqualsPillowBitForBit) {
  EXPECT_THAT(resized(ResizeFilter::box),
              ElementsAre(98, 135, 129, 126, 110, 122, 120, 157, 152, 139, 112, 149, 104, 144, 142, 140, 113, 86));
  EXPECT_THAT(resized(ResizeFilter::bilinear),
              ElementsAre(99, 117, 129, 130, 125, 136, 135, 150, 129, 131, 126, 138, 116, 142, 128, 120, 119, 110));
  EXPECT_THAT(resized(ResizeFilter::bicubic),
              ElementsAre(95, 115, 128, 134, 120, 133, 136, 156, 132, 134, 129, 140, 110, 142, 132, 118, 115, 107));
  EXPECT_THAT(resized(ResizeFilter::lanczos),
              ElementsAre(94, 115, 126, 138, 121, 133, 135, 159, 133, 134, 132, 141, 111, 141, 133, 118, 113, 106));
}

TEST(Resize, EnlargesAndKeepsFloats) {
  const Tensor small = Tensor::of<std::uint8_t>({2, 2, 1}, {0, 37, 74, 111});
  EXPECT_THAT(resize_image(small, {3, 3}, {.size = {3, 3}}, ResizeFilter::bilinear).values<std::uint8_t>(),
              ElementsAre(0, 19, 37, 37, 56, 74, 74, 93, 111));
  const Tensor floats = Tensor::of<float>({2, 4, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_THAT(resize_image(floats, {1, 2}, {.size = {1, 2}}, ResizeFilter::bilinear).values<float>(),
              ElementsAre(2.7142859F, 4.285714F));
}

TEST(Resize, AWindowIsThatPartOfTheWhole) {
  const Tensor whole = resize_image(sample_image(), {4, 5}, {.size = {4, 5}}, ResizeFilter::bilinear);
  const Tensor part =
      resize_image(sample_image(), {4, 5}, {.top = 1, .left = 2, .size = {2, 2}}, ResizeFilter::bilinear);
  for (std::int64_t y = 0; y < 2; ++y) {
    for (std::int64_t i = 0; i < 6; ++i) {
      EXPECT_EQ(part.data<std::uint8_t>()[y * 6 + i], whole.data<std::uint8_t>()[(y + 1) * 15 + 6 + i]);
    }
  }
  const Tensor crop =
      resize_image(sample_image(), {5, 7}, {.top = 1, .left = 2, .size = {1, 1}}, ResizeFilter::bilinear);
  const Tensor image = sample_image();
  const std::uint8_t* pixel = image.data<std::uint8_t>() + 21 + 6;
  EXPECT_THAT(crop.values<std::uint8_t>(), ElementsAreArray(pixel, 3));
}

TEST(Resize, UnknownFilterListsTheOthers) {
  try {
    find_resize_filter("bilinaer");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "--preprocess: unknown filter 'bilinaer'; did you mean 'bilinear'? (box, bilinear, bicubic, lanczos)");
  }
}

}  // namespace
}  // namespace zeropoint
