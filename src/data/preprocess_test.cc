#include "data/preprocess.h"

#include <gmock/gmock.h>

#include <numeric>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Dim> dims(const Shape& shape) {
  std::vector<Dim> out;
  for (const std::int64_t size : shape) out.push_back({.value = size, .symbol = {}});
  return out;
}

/// uint8 0, 1, 2 ...
Tensor counting(const Shape& shape) {
  Tensor t = Tensor::allocate(DType::u8, shape);
  std::iota(t.mutable_data<std::uint8_t>(), t.mutable_data<std::uint8_t>() + t.size(), std::uint8_t{0});
  return t;
}

std::string refusal(const std::string& text) {
  try {
    Preprocess::parse(text);
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(Preprocess, PresetsMayBeOverridden) {
  const Preprocess spec = Preprocess::parse("imagenet,crop=192x128,std=2");
  EXPECT_EQ(spec.short_side, 256);
  EXPECT_EQ(spec.crop, (ImageSize{192, 128}));
  EXPECT_THAT(spec.mean, ElementsAre(0.485F, 0.456F, 0.406F));
  EXPECT_THAT(spec.std, ElementsAre(2.0F));
  EXPECT_EQ(spec.scale.denominator, 255.0F);
  for (const PreprocessPreset& preset : preprocess_presets()) EXPECT_NO_THROW(Preprocess::parse(preset.name));
  EXPECT_TRUE(Preprocess::parse("").is_empty);
}

TEST(Preprocess, ListsMayBeBracketed) {
  EXPECT_THAT(Preprocess::parse("mean=[1, 2, 3], scale=1/2").mean, ElementsAre(1, 2, 3));
}

TEST(Preprocess, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(refusal("imagnet"),
            "unknown preset 'imagnet'; did you mean 'imagenet'? (cifar10, imagenet, imagenet-caffe, "
            "imagenet-normalize, imagenet-tf, scale01)");
  EXPECT_THAT(refusal("scal=2"), HasSubstr("unknown key 'scal'; did you mean 'scale'?"));
  EXPECT_THAT(refusal("channels=rbg"),
              HasSubstr("unknown value of channels 'rbg'; did you mean 'rgb'? (rgb, bgr, gray)"));
  EXPECT_EQ(refusal("mean=a"), "'a' in mean is not a number");
  EXPECT_EQ(refusal("std=1,0"), "std has a 0: nothing can be divided by it");
  EXPECT_EQ(refusal("crop=0"), "crop=0 is not a size from 1 to 65536");
  EXPECT_EQ(refusal("scale=1/0"), "scale=1/0 makes everything 0 or infinite");
  EXPECT_EQ(refusal("mean=nan"), "'nan' in mean is not a number");
}

TEST(Preprocess, NormalizesAndMovesChannelsToTheFront) {
  const Preprocess spec = Preprocess::parse("scale=1/2,mean=1,2,3,std=4");
  const Tensor out = spec.apply(counting({1, 2, 3}), dims({3, 1, 2}), false, "x");
  EXPECT_EQ(out.shape(), (Shape{3, 1, 2}));
  EXPECT_THAT(out.values<float>(), ElementsAre(-0.25F, 0.125F, -0.375F, 0, -0.5F, -0.125F));
}

TEST(Preprocess, FollowsTheLayoutOfTheModel) {
  const Preprocess spec = Preprocess::parse("scale=1/2");
  EXPECT_EQ(spec.apply(counting({4, 5, 3}), dims({4, 5, 3}), false, "x").shape(), (Shape{4, 5, 3}));
  EXPECT_EQ(spec.apply(counting({4, 5, 3}), dims({3, 4, 5}), false, "x").shape(), (Shape{3, 4, 5}));
  EXPECT_EQ(spec.apply(counting({4, 5, 3}), {}, false, "x").shape(), (Shape{3, 4, 5}));
  EXPECT_EQ(Preprocess::parse("layout=nhwc").apply(counting({3, 4, 5}), {}, false, "x").shape(), (Shape{4, 5, 3}));
}

TEST(Preprocess, ArraysWithoutImageStepsAreOnlyScaled) {
  const Tensor floats = Tensor::of<float>({2}, {10, 20});
  const Tensor out = Preprocess::parse("scale=1/10,mean=1").apply(floats, dims({2}), false, "x");
  EXPECT_THAT(out.values<float>(), ElementsAre(0, 1));
}

TEST(Preprocess, SelectsChannels) {
  const Tensor pixel = Tensor::of<std::uint8_t>({1, 1, 3}, {10, 20, 30});
  EXPECT_THAT(Preprocess::parse("channels=bgr").apply(pixel, {}, true, "x").values<std::uint8_t>(),
              ElementsAre(30, 20, 10));
  EXPECT_THAT(Preprocess::parse("channels=gray").apply(pixel, {}, true, "x").values<std::uint8_t>(), ElementsAre(18));
  const Tensor gray = Tensor::of<std::uint8_t>({1, 1, 1}, {7});
  EXPECT_THAT(Preprocess::parse("channels=rgb").apply(gray, {}, true, "x").values<std::uint8_t>(),
              ElementsAre(7, 7, 7));
  EXPECT_EQ(Preprocess().apply(gray, dims({3, 1, 1}), true, "x").shape(), (Shape{3, 1, 1}));
  EXPECT_EQ(Preprocess().apply(pixel, dims({1, 1, 1}), true, "x").shape(), (Shape{1, 1, 1}));
}

TEST(Preprocess, CropsAtTorchvisionsPlace) {
  // 5 - 2 = 3 and 7 - 4 = 3: round(1.5) is 2.
  const Tensor out = Preprocess::parse("crop=2x4").apply(counting({5, 7, 1}), dims({1, -1, -1}), true, "x");
  EXPECT_EQ(out.shape(), (Shape{1, 2, 4}));
  EXPECT_EQ(out.data<std::uint8_t>()[0], 2 * 7 + 2);
  const Tensor resized = Preprocess::parse("resize=4,crop=4").apply(counting({2, 5, 1}), dims({1, 4, 4}), true, "x");
  EXPECT_EQ(resized.shape(), (Shape{1, 4, 4}));
}

TEST(Preprocess, NamesTheFileThatDoesNotFit) {
  const auto refuse = [](const std::string& text, const Shape& shape, bool is_image) -> std::string {
    try {
      Preprocess::parse(text).apply(counting(shape), {}, is_image, "cat.png");
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(refuse("crop=8", {2, 5, 3}, true), "cat.png: has 2 x 5 pixels (height x width), too few for crop=8x8");
  EXPECT_EQ(refuse("channels=gray,mean=1,2,3", {2, 5, 3}, true),
            "cat.png: has 1 channels, --preprocess gives 3 values for mean");
  EXPECT_EQ(refuse("mean=1,2", {2, 5, 3}, true), "cat.png: has 3 channels, --preprocess gives 2 values for mean");
  EXPECT_EQ(refuse("resize=8", {7}, false), "cat.png: [7] is no image: --preprocess wants height, width and channels");
  EXPECT_EQ(refuse("resize=8", {3, 5, 3}, false),
            "cat.png: [3, 5, 3] may be either layout: add from=nchw or from=nhwc to --preprocess");
}

}  // namespace
}  // namespace zeropoint
