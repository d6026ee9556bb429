// Operators on images and feature maps.
#include <gtest/gtest.h>

#include "support/run_op.h"

namespace zeropoint {
namespace {

using testing::counting;
using testing::error_of;
using testing::ints;
using testing::list;
using testing::OpCall;
using testing::run_op;

std::vector<float> floats(const OpCall& call) { return list<float>(run_op(call)[0]); }
Tensor values(const Shape& shape, std::initializer_list<float> numbers) { return Tensor::of<float>(shape, numbers); }

OpCall resize(Tensor x, Tensor scales, std::vector<std::pair<std::string, AttributeValue>> attributes) {
  return {"Resize", {std::move(x), {}, std::move(scales)}, std::move(attributes)};
}

TEST(DepthToSpace, OrdersOfTheBlock) {
  const Tensor x = counting({1, 8, 1, 1});
  const std::pair<std::string, AttributeValue> two = {"blocksize", std::int64_t{2}};
  EXPECT_EQ(floats({"DepthToSpace", {x}, {two}}), (std::vector<float>{0, 2, 4, 6, 1, 3, 5, 7}));
  EXPECT_EQ(floats({"DepthToSpace", {x}, {two, {"mode", std::string("CRD")}}}),
            (std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(floats({"SpaceToDepth", {counting({1, 1, 2, 4})}, {two}}), (std::vector<float>{0, 2, 1, 3, 4, 6, 5, 7}));
  EXPECT_EQ(error_of({"DepthToSpace", {counting({1, 6, 1, 1})}, {two}}),
            "node 'test' (DepthToSpace): 6 channels are not a multiple of blocksize squared, 4");
  EXPECT_EQ(error_of({"SpaceToDepth", {counting({1, 1, 3, 2})}, {two}}),
            "node 'test' (SpaceToDepth): height and width of [1, 1, 3, 2] are not multiples of blocksize 2");
}

TEST(Resize, NearestRepeatsPixels) {
  EXPECT_EQ(floats(resize(counting({1, 1, 1, 2}), values({4}, {1, 1, 2, 2}), {})),
            (std::vector<float>{0, 0, 1, 1, 0, 0, 1, 1}));
}

TEST(Resize, LinearInterpolatesBetweenCentres) {
  EXPECT_EQ(floats(resize(values({1, 1, 1, 2}, {0, 4}), values({4}, {1, 1, 1, 2}), {{"mode", std::string("linear")}})),
            (std::vector<float>{0, 1, 3, 4}));
  EXPECT_EQ(floats(resize(
                values({2}, {0, 4}), values({1}, {1.5}),
                {{"mode", std::string("linear")}, {"coordinate_transformation_mode", std::string("align_corners")}})),
            (std::vector<float>{0, 2, 4}));
}

TEST(Resize, AntialiasAveragesWhenShrinking) {
  EXPECT_EQ(floats(resize(values({4}, {8, 8, 0, 0}), values({1}, {0.5}),
                          {{"mode", std::string("linear")}, {"antialias", std::int64_t{1}}})),
            (std::vector<float>{7, 1}));
}

TEST(Resize, SizesMayKeepTheAspectRatio) {
  const OpCall call = {
      "Resize",
      {counting({1, 1, 4, 8}), {}, {}, ints({4, 4})},
      {{"axes", std::vector<std::int64_t>{2, 3}}, {"keep_aspect_ratio_policy", std::string("not_larger")}}};
  EXPECT_EQ(run_op(call)[0].shape(), (Shape{1, 1, 2, 4}));
}

TEST(Resize, CropOutsideTheImageIsExtrapolated) {
  EXPECT_EQ(floats({"Resize",
                    {values({2}, {1, 2}), values({2}, {0, 2}), {}, ints({3})},
                    {{"mode", std::string("linear")},
                     {"coordinate_transformation_mode", std::string("tf_crop_and_resize")},
                     {"extrapolation_value", 9.0F}}}),
            (std::vector<float>{1, 2, 9}));
}

TEST(Resize, OldOpsetsAreAsymmetric) {
  EXPECT_EQ(
      floats(
          {"Upsample", {values({2}, {0, 4})}, {{"scales", std::vector<float>{2}}, {"mode", std::string("linear")}}, 7}),
      (std::vector<float>{0, 2, 4, 4}));
  EXPECT_EQ(floats({"Resize", {counting({4}), values({1}, {0.5})}, {}, 10}), (std::vector<float>{0, 2}));
}

TEST(Resize, RefusesBadArguments) {
  EXPECT_EQ(error_of(resize(counting({2}), values({2}, {1, 1}), {})), "node 'test' (Resize): 2 scales for 1 axes");
  EXPECT_EQ(error_of(resize(counting({2}), values({1}, {-1}), {})),
            "node 'test' (Resize): the scale -1 is not above 0");
  EXPECT_EQ(error_of(resize(counting({2}), values({1}, {1e30F}), {})),
            "node 'test' (Resize): axis 0 of [2] times 1.0000000150474662e+30 is too large");
  EXPECT_EQ(error_of(resize(counting({2}), values({1}, {1}), {{"mode", std::string("area")}})),
            "node 'test' (Resize): mode 'area' is none of nearest, linear, bilinear, cubic");
}

TEST(GridSample, SamplesAtNormalizedPositions) {
  const Tensor x = counting({1, 1, 2, 2});
  const Tensor grid = values({1, 1, 3, 2}, {0, 0, -1, -1, 3, 3});  // centre, first corner, far outside
  const std::pair<std::string, AttributeValue> corners = {"align_corners", std::int64_t{1}};
  EXPECT_EQ(floats({"GridSample", {x, grid}, {corners}}), (std::vector<float>{1.5, 0, 0}));
  EXPECT_EQ(floats({"GridSample", {x, grid}, {corners, {"padding_mode", std::string("border")}}}),
            (std::vector<float>{1.5, 0, 3}));
  EXPECT_EQ(error_of({"GridSample", {x, values({1, 1, 1, 3}, {0, 0, 0})}}),
            "node 'test' (GridSample): the grid [1, 1, 1, 3] does not fit the input [1, 1, 2, 2]");
}

TEST(AffineGrid, IdentityGivesCellCentres) {
  EXPECT_EQ(floats({"AffineGrid", {values({1, 2, 3}, {1, 0, 0, 0, 1, 0}), ints({1, 1, 1, 2})}}),
            (std::vector<float>{-0.5, 0, 0.5, 0}));
}

TEST(NonMaxSuppression, KeepsTheBestOfOverlappingBoxes) {
  const Tensor boxes = values({1, 3, 4}, {0, 0, 1, 1, 0, 0.1F, 1, 1.1F, 0, 10, 1, 11});
  const Tensor scores = values({1, 1, 3}, {0.7F, 0.9F, 0.5F});
  const auto keep = [&](float iou, float score) {
    return list<std::int64_t>(
        run_op({"NonMaxSuppression",
                {boxes, scores, Tensor::scalar<std::int64_t>(3), Tensor::scalar(iou), Tensor::scalar(score)}})[0]);
  };
  EXPECT_EQ(keep(0.5F, 0), (std::vector<std::int64_t>{0, 0, 1, 0, 0, 2}));
  EXPECT_EQ(keep(0.9F, 0.6F), (std::vector<std::int64_t>{0, 0, 1, 0, 0, 0}));
  EXPECT_EQ(run_op({"NonMaxSuppression", {boxes, scores}})[0].shape(), (Shape{0, 3}));
}

TEST(RoiAlign, AveragesSamplesOfARegion) {
  const Tensor x = counting({1, 1, 4, 4});
  const Tensor roi = values({1, 4}, {0, 0, 4, 4});
  EXPECT_EQ(floats({"RoiAlign", {x, roi, ints({0})}}), (std::vector<float>{7.5}));
  EXPECT_EQ(error_of({"RoiAlign", {x, roi, ints({1})}}),
            "node 'test' (RoiAlign): index 1 at position 0 is outside [-1, 0]");
}

TEST(MaxRoiPool, TakesTheMaximumOfEachBin) {
  const std::pair<std::string, AttributeValue> pooled = {"pooled_shape", std::vector<std::int64_t>{2, 2}};
  EXPECT_EQ(floats({"MaxRoiPool", {counting({1, 1, 4, 4}), values({1, 5}, {0, 0, 0, 3, 3})}, {pooled}}),
            (std::vector<float>{5, 7, 13, 15}));
  EXPECT_EQ(error_of({"MaxRoiPool", {counting({1, 1, 4, 4}), values({1, 5}, {2, 0, 0, 3, 3})}, {pooled}}),
            "node 'test' (MaxRoiPool): region 0 is of image 2, outside [0, 0]");
}

TEST(MaxUnpool, PutsMaximaBack) {
  const OpCall call = {
      "MaxUnpool",
      {values({1, 1, 1, 2}, {5, 6}), Tensor::of<std::int64_t>({1, 1, 1, 2}, {1, 6})},
      {{"kernel_shape", std::vector<std::int64_t>{2, 2}}, {"strides", std::vector<std::int64_t>{2, 2}}}};
  EXPECT_EQ(floats(call), (std::vector<float>{0, 5, 0, 0, 0, 0, 6, 0}));
  OpCall bad = call;
  bad.inputs[1] = Tensor::of<std::int64_t>({1, 1, 1, 2}, {1, 8});
  EXPECT_EQ(error_of(bad), "node 'test' (MaxUnpool): index 8 at position 1 is outside [0, 7]");
}

TEST(Col2Im, AddsOverlappingBlocks) {
  EXPECT_EQ(floats({"Col2Im", {values({1, 2, 2}, {1, 2, 3, 4}), ints({1, 3}), ints({1, 2})}}),
            (std::vector<float>{1, 5, 4}));
  EXPECT_EQ(error_of({"Col2Im", {counting({1, 2, 3}), ints({1, 3}), ints({1, 2})}}),
            "node 'test' (Col2Im): the input has shape [1, 2, 3]; [N, C * 2, 2] is expected");
}

TEST(CenterCropPad, CropsOneAxisAndPadsAnother) {
  EXPECT_EQ(floats({"CenterCropPad", {counting({1, 4}), ints({2, 2})}}), (std::vector<float>{1, 2, 0, 0}));
}

TEST(DeformConv, SamplesWhereTheOffsetsSay) {
  const Tensor x = counting({1, 1, 2, 3});
  const Tensor w = values({1, 1, 1, 1}, {10});
  const Tensor offset = values({1, 2, 2, 3}, {0, 0, 0, 0, 0, 0, 0.5, 0, -0.5, 0, 0, 9});  // y of each pixel, then x
  EXPECT_EQ(floats({"DeformConv", {x, w, offset, values({1}, {1})}, {}, 22}),
            (std::vector<float>{6, 11, 16, 31, 41, 1}));
  EXPECT_EQ(error_of({"DeformConv", {x, w, values({1, 1, 2, 3}, {0, 0, 0, 0, 0, 0})}, {}, 22}),
            "node 'test' (DeformConv): the offset is float32 of shape [1, 1, 2, 3]; [1, 2, 2, 3] is expected");
}

TEST(Det, OfAMatrixAndOfASingularOne) {
  EXPECT_EQ(floats({"Det", {values({2, 2, 2}, {0, 2, 3, 4, 1, 2, 2, 4})}}), (std::vector<float>{-6, 0}));
}

}  // namespace
}  // namespace zeropoint
