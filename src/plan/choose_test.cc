#include "plan/choose.h"

#include <gmock/gmock.h>

#include <cmath>

#include "graph/text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Statistics seen(std::initializer_list<std::pair<const char*, std::vector<float>>> tensors) {
  Statistics statistics;
  for (const auto& [name, values] : tensors) {
    TensorStatistics record;
    record.observe(Tensor::copy_of<float>({static_cast<std::int64_t>(values.size())}, values));
    statistics.tensors.emplace(name, std::move(record));
  }
  statistics.samples = 1;
  return statistics;
}

PlanChoice choose(std::string_view text, const Statistics& statistics,
                  const ChooseOptions& options = {.observer = "minmax"}, const StructureOptions& structure = {}) {
  const Graph graph = parse_graph(text);
  return choose_plan(graph, decide_structure(graph, structure), statistics, options);
}

constexpr std::string_view kConv = R"(main (float32[1, 1, 2, 2] x) => (float32[1, 2, 2, 2] y)
<float32[2, 1, 1, 1] w = {1.27, -0.254}, float32[2] b = {0.5, 2}>
{
  ["conv"] y = Conv(x, w, b)
}
)";

TEST(Choose, ActivationWeightAndBias) {
  const PlanChoice c = choose(kConv, seen({{"x", {-1, 254}}}));
  EXPECT_THAT(c.warnings, IsEmpty());
  ASSERT_EQ(c.plan.tensors.size(), 3U);

  const PlanTensor& x = c.plan.tensors[0];
  EXPECT_EQ(x.qparams.scheme, (Scheme{.dtype = DType::u8}));
  EXPECT_FLOAT_EQ(x.qparams.scales.values<float>()[0], 1);
  EXPECT_EQ(codes_of(x.qparams.zero_points)[0], 1);
  EXPECT_EQ(x.method, "minmax");

  const PlanTensor& w = c.plan.tensors[1];
  EXPECT_EQ(w.role, TensorRole::weight);
  EXPECT_EQ(w.qparams.scales.shape(), Shape{2});
  EXPECT_FLOAT_EQ(w.qparams.scales.values<float>()[0], 0.01F);
  EXPECT_FLOAT_EQ(w.qparams.scales.values<float>()[1], 0.002F);
  EXPECT_EQ(w.reason, "max|w| of each of 2 output channels / 127: scales from 0.002 to 0.01");

  const PlanTensor& b = c.plan.tensors[2];
  EXPECT_EQ(b.qparams.scheme.dtype, DType::i32);
  EXPECT_FLOAT_EQ(b.qparams.scales.values<float>()[1], 0.002F);
  EXPECT_EQ(b.reason, "the scale of 'x' times that of 'w': products and bias add as integers");
}

TEST(Choose, Schemes) {
  const Statistics statistics = seen({{"x", {-1, 254}}});
  const PlanChoice narrow = choose(kConv, statistics,
                                   {.activations = DType::i8,
                                    .weights = DType::u8,
                                    .symmetric_activations = true,
                                    .per_tensor = true,
                                    .observer = "minmax"});
  EXPECT_FLOAT_EQ(narrow.plan.tensors[0].qparams.scales.values<float>()[0], 2 * 254.0F / 255);
  EXPECT_EQ(codes_of(narrow.plan.tensors[0].qparams.zero_points)[0], 0);
  EXPECT_FLOAT_EQ(narrow.plan.tensors[1].qparams.scales.values<float>()[0], 0.01F);
  EXPECT_EQ(codes_of(narrow.plan.tensors[1].qparams.zero_points)[0], 128);
  EXPECT_EQ(narrow.plan.tensors[1].reason, "max|w| / 127 = 0.01");
  EXPECT_EQ(narrow.plan.tensors[2].qparams.scales.rank(), 0);

  const PlanChoice wide = choose(kConv, statistics, {.activations = DType::u16, .observer = "minmax"});
  EXPECT_FLOAT_EQ(wide.plan.tensors[0].qparams.scales.values<float>()[0], 255.0F / 65535);
}

TEST(Choose, BiasBeyondInt32RaisesItsChannelsScale) {
  const PlanChoice c = choose(R"(main (float32[1, 1, 2, 2] x) => (float32[1, 2, 2, 2] y)
<float32[2, 1, 1, 1] w = {0.0000127, 1.27}, float32[2] b = {1000, 1}>
{
  ["conv"] y = Conv(x, w, b)
}
)",
                              seen({{"x", {0, 0.255}}}));
  const auto scales = c.plan.find("w")->qparams.scales.values<float>();
  EXPECT_FLOAT_EQ(scales[0], static_cast<float>(1000 / 0.001 / 0x1p30)) << "1000 / (0.001 * 1e-7) = 1e13 is no int32";
  EXPECT_FLOAT_EQ(scales[1], 0.01F);
  EXPECT_THAT(c.plan.find("w")->reason, HasSubstr("; 1 raised so that the bias fits int32"));
  EXPECT_NEAR(1000 / c.plan.find("b")->qparams.scales.values<float>()[0], 0x1p30, 1e3);
}

TEST(Choose, BiasThatNoSingleScaleHoldsStaysFloat) {
  const PlanChoice c = choose(R"(main (float32[1, 1, 2, 2] x) => (float32[1, 1, 2, 2] y)
<float32[1, 1, 1, 1] w = {0.0000127}, float32[1] b = {1000}>
{
  ["conv"] y = Conv(x, w, b)
}
)",
                              seen({{"x", {0, 0.255}}}), {.per_tensor = true, .observer = "minmax"});
  EXPECT_EQ(c.plan.find("b"), nullptr);
  EXPECT_THAT(c.warnings, ElementsAre("bias 'b' stays float: 1000 is beyond int32 at scale 0.001 * 1e-07"));
}

TEST(Choose, ZeroWeightsDoNotCoarsenTheirBias) {
  const PlanChoice c = choose(R"(main (float32[1, 1, 2, 2] x) => (float32[1, 2, 2, 2] y)
<float32[2, 1, 1, 1] w = {0, 1.27}, float32[2] b = {0.3, 1}>
{
  ["conv"] y = Conv(x, w, b)
}
)",
                              seen({{"x", {0, 255}}}));
  const float step = c.plan.find("b")->qparams.scales.values<float>()[0];
  EXPECT_NEAR(0.3 / step, 0x1p23, 2) << "scale 1 would round 0.3 to 0";
}

TEST(Choose, GroupsThatShareAGridOfZerosHoldTheLargestBias) {
  const PlanChoice c = choose(R"(main (float32[1, 2, 2, 2] x) => (float32[1, 2, 2, 2] y)
<float32[2, 1, 1, 1] w = {0, 0}, float32[2] b = {1000, 0.001}>
{
  ["deconv"] y = ConvTranspose<group = 2>(x, w, b)
}
)",
                              seen({{"x", {0, 255}}}));
  EXPECT_NEAR(1000 / c.plan.find("b")->qparams.scales.values<float>()[0], 0x1p23, 2);
}

TEST(Choose, GridsThatManyTensorsShareCoverAll) {
  const PlanChoice c = choose(R"(main (float32[1, 1, 2, 2] x) => (float32[1, 1, 2, 2] y)
<float32[1, 1, 1, 1] w = {1}, float32[1, 2, 1, 1] w2 = {1, 2}>
{
  ["left"] a = Conv(x, w)
  ["right"] b = Conv(x, w)
  ["join"] c = Concat<axis = 1>(a, b)
  ["last"] y = Conv(c, w2)
}
)",
                              seen({{"x", {0, 1}}, {"a", {-1, 5}}, {"b", {0, 254}}}));
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_FLOAT_EQ(c.plan.find(name)->qparams.scales.values<float>()[0], 1) << name;
    EXPECT_EQ(codes_of(c.plan.find(name)->qparams.zero_points)[0], 1) << name;
  }
  EXPECT_THAT(c.plan.find("a")->reason, HasSubstr("over the 2 tensors that share the grid"));
  EXPECT_EQ(c.plan.find("c")->reason, "shares the grid of 'a'");
}

TEST(Choose, SoftmaxHasAFixedGrid) {
  constexpr std::string_view text = R"(main (float32[N, 2] x) => (float32[N, 2] y)
<float32[2, 2] w = {1, 2, 3, 4}>
{
  ["softmax"] p = Softmax(x)
  ["mix"] y = MatMul(p, w)
}
)";
  const auto grid = [&](DType dtype, bool symmetric) {
    const PlanChoice c = choose(text, {}, {.activations = dtype, .symmetric_activations = symmetric});
    const PlanTensor& p = *c.plan.find("p");
    return std::pair(p.qparams.scales.values<float>()[0], codes_of(p.qparams.zero_points)[0]);
  };
  EXPECT_EQ(grid(DType::u8, false), std::pair(1.0F / 256, 0));
  EXPECT_EQ(grid(DType::i8, false), std::pair(1.0F / 256, -128));
  EXPECT_EQ(grid(DType::i8, true), std::pair(1.0F / 128, 0));
  EXPECT_EQ(grid(DType::u16, false), std::pair(1.0F / 65536, 0));
  EXPECT_EQ(choose(text, {}).plan.find("p")->reason,
            "its values lie in [0, 1] whatever the data: scale 0.00390625, zero point 0");
}

TEST(Choose, BiasTakesBackTheMeanErrorOfTheWeights) {
  // Channel 0 loses 0.004 of its second weight to rounding, whose input is 3 on average.
  constexpr std::string_view text = R"(main (float32[1, 2, 1, 1] x) => (float32[1, 2, 1, 1] y)
<float32[2, 2, 1, 1] w = {1.27, 0.504, 0.254, -0.1}, float32[2] b = {0, 0}>
{
  ["conv"] y = Conv(x, w, b)
}
)";
  Statistics statistics = seen({{"x", {0, 255}}});
  statistics.channel_means["x"].observe(Tensor::of<float>({2, 2}, {100, 2, 100, 4}));
  const PlanChoice c = choose(text, statistics);
  const PlanTensor& b = *c.plan.find("b");
  ASSERT_TRUE(b.correction);
  EXPECT_NEAR(b.correction.values<float>()[0], 0.004 * 3, 1e-6);
  EXPECT_NEAR(b.correction.values<float>()[1], 0, 1e-6);
  EXPECT_THAT(b.reason, HasSubstr("; corrected by up to 0.012 for the mean error of the rounded weights"));
  EXPECT_FALSE(choose(text, statistics, {.correct_biases = false, .observer = "minmax"}).plan.find("b")->correction);
}

std::string refusal(std::string_view text, const Statistics& statistics,
                    const ChooseOptions& options = {.observer = "minmax"}) {
  try {
    choose(text, statistics, options);
  } catch (const Error& e) {
    return e.what();
  }
  return "accepted";
}

TEST(Choose, RefusesWhatItCannotKnow) {
  EXPECT_EQ(refusal(kConv, {}),
            "tensor 'x': the statistics do not have it; calibrate the same model with the same options");
  EXPECT_EQ(refusal(kConv, seen({{"x", {1}}}), {.activations = DType::f32}),
            "--activations: float32 is not offered; choose uint8, int8, uint16 or int16");
  EXPECT_EQ(refusal(kConv, seen({{"x", {1}}}), {.weights = DType::i16}),
            "--weights: int16 is not offered; choose int8 or uint8");
  EXPECT_THAT(refusal(kConv, seen({{"x", {1}}}), {.observer = "maximin"}), HasSubstr("maximin"));
  EXPECT_THAT(refusal(R"(main (float32[1, 1, 2, 2] x) => (float32[1, 1, 2, 2] y)
<float32[1, 1, 1, 1] w = {nan}>
{
  ["conv"] y = Conv(x, w)
}
)",
                      seen({{"x", {1}}})),
              HasSubstr("node 'conv' (Conv): weight 'w': "));
}

}  // namespace
}  // namespace zeropoint
