#include "passes/qdq_to_qoperator.h"

#include <gmock/gmock.h>

#include "support/model_text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(QdqToQOperator, ConvolutionWithReluAndPool) {
  Model model = zeropoint::testing::model_of(R"(main (float32[1, 1, 2, 2] x) => (float32[1, 1, 1, 1] y)
<float32[] sx = {0.5}, uint8[] zx = {128}, int8[1, 1, 1, 1] w = {16}, float32[1] sw = {0.25}, int8[1] zw = {0}, int32[1] b = {7}, float32[1] sb = {0.125}, int32[1] zb = {0}, float32[] sy = {0.75}, uint8[] zy = {0}>
{
  xq = QuantizeLinear(x, sx, zx)
  xd = DequantizeLinear(xq, sx, zx)
  wd = DequantizeLinear<axis = 0>(w, sw, zw)
  bd = DequantizeLinear<axis = 0>(b, sb, zb)
  ["conv"] c = Conv(xd, wd, bd)
  ["relu"] r = Relu(c)
  rq = QuantizeLinear(r, sy, zy)
  rd = DequantizeLinear(rq, sy, zy)
  ["pool"] p = MaxPool<kernel_shape = [2, 2]>(rd)
  pq = QuantizeLinear(p, sy, zy)
  y = DequantizeLinear(pq, sy, zy)
}
)");
  EXPECT_THAT(qdq_to_qoperator(model), UnorderedElementsAre(Pair("QLinearConv", 1)));
  EXPECT_EQ(print_graph(model.graph), R"(main (float32[1, 1, 2, 2] x) => (float32[1, 1, 1, 1] y)
<float32[] sx = {0.5}, uint8[] zx = {128}, int8[1, 1, 1, 1] w = {16}, float32[1] sw = {0.25}, int8[1] zw = {0}, int32[1] b = {7}, float32[] sy = {0.75}, uint8[] zy = {0}>
{
  xq = QuantizeLinear(x, sx, zx)
  ["conv"] rq = QLinearConv(xq, sx, zx, w, sw, zw, sy, zy, b)
  ["pool"] pq = MaxPool<kernel_shape = [2, 2]>(rq)
  y = DequantizeLinear(pq, sy, zy)
}
)") << "the grid ends at 0: Relu is gone";
}

TEST(QdqToQOperator, ReluInsideTheGridBecomesAClipOfCodes) {
  Model model = zeropoint::testing::model_of(R"(main (int8[1, 1] a, int8[1, 1] b) => (int8[1, 1] yq)
<float32[] s = {0.5}, int8[] z = {0}>
{
  ad = DequantizeLinear(a, s, z)
  bd = DequantizeLinear(b, s, z)
  ["sum"] c = Add(ad, bd)
  ["relu"] r = Relu(c)
  yq = QuantizeLinear(r, s, z)
}
)");
  EXPECT_THAT(qdq_to_qoperator(model), UnorderedElementsAre(Pair("QLinearAdd", 1)));
  EXPECT_EQ(print_graph(model.graph), R"(main (int8[1, 1] a, int8[1, 1] b) => (int8[1, 1] yq)
<float32[] s = {0.5}, int8[] z = {0}, int8[] yq_min = {0}, int8[] yq_max = {127}>
{
  ["sum"] yq_unclipped = com.microsoft.QLinearAdd(a, s, z, b, s, z, s, z)
  ["sum_Clip"] yq = Clip(yq_unclipped, yq_min, yq_max)
}
)");
  EXPECT_EQ(model.opset("com.microsoft"), 1);
}

TEST(QdqToQOperator, ProductWithFloatResultScalesInt32Sums) {
  Model model = zeropoint::testing::model_of(R"(main (uint8[1, 2] a) => (float32[1, 2] y)
<float32[] s = {0.5}, uint8[] z = {3}, int8[2, 2] w = {1, 2, 3, 4}, float32[2] sw = {0.25, 4}, int8[2] zw = {0, 0}>
{
  ad = DequantizeLinear(a, s, z)
  wd = DequantizeLinear<axis = 1>(w, sw, zw)
  ["fc"] y = MatMul(ad, wd)
}
)");
  EXPECT_THAT(qdq_to_qoperator(model), UnorderedElementsAre(Pair("MatMulInteger", 1)));
  EXPECT_EQ(print_graph(model.graph), R"(main (uint8[1, 2] a) => (float32[1, 2] y)
<uint8[] z = {3}, int8[2, 2] w = {1, 2, 3, 4}, int8[2] zw = {0, 0}, float32[2] y_scale = {0.125, 2}>
{
  ["fc"] y_int32 = MatMulInteger(a, w, z, zw)
  ["fc_Cast"] y_unscaled = Cast<to = 1>(y_int32)
  ["fc_Mul"] y = Mul(y_unscaled, y_scale)
}
)");
}

TEST(QdqToQOperator, GemmIsOnnxRuntimesOperator) {
  Model model = zeropoint::testing::model_of(R"(main (uint8[1, 2] a) => (float32[1, 2] y)
<float32[] s = {0.5}, uint8[] z = {3}, int8[2, 2] w = {1, 2, 3, 4}, float32[] sw = {0.25}, int8[] zw = {0}, int32[2] b = {7, 8}, float32[] sb = {0.125}, int32[] zb = {0}>
{
  ad = DequantizeLinear(a, s, z)
  wd = DequantizeLinear(w, sw, zw)
  bd = DequantizeLinear(b, sb, zb)
  ["fc"] y = Gemm<transB = 1>(ad, wd, bd)
}
)");
  EXPECT_THAT(qdq_to_qoperator(model), UnorderedElementsAre(Pair("QGemm", 1)));
  EXPECT_EQ(print_graph(model.graph), R"(main (uint8[1, 2] a) => (float32[1, 2] y)
<float32[] s = {0.5}, uint8[] z = {3}, int8[2, 2] w = {1, 2, 3, 4}, float32[] sw = {0.25}, int8[] zw = {0}, int32[2] b = {7, 8}>
{
  ["fc"] y = com.microsoft.QGemm<transB = 1>(a, s, z, w, sw, zw, b)
}
)");
}

TEST(QdqToQOperator, WhatFitsNoFormKeepsItsQdq) {
  const std::string_view text = R"(main (uint8[1, 1, 2, 2] x) => (uint8[1, 1, 2, 2] yq)
<float32[] s = {0.5}, uint8[] z = {3}, float32[] s2 = {0.25}, int8[1, 1, 1, 1] w = {1}, int8[] zw = {0}, float32[1] b = {2}>
{
  xd = DequantizeLinear(x, s, z)
  ["moved to another grid"] p = MaxPool<kernel_shape = [1, 1]>(xd)
  pq = QuantizeLinear(p, s2, z)
  pd = DequantizeLinear(pq, s2, z)
  wd = DequantizeLinear(w, s, zw)
  ["float bias"] c = Conv(pd, wd, b)
  yq = QuantizeLinear(c, s, z)
}
)";
  Model model = zeropoint::testing::model_of(text);
  EXPECT_TRUE(qdq_to_qoperator(model).empty());
  EXPECT_EQ(print_graph(model.graph), text);
}

TEST(QdqToQOperator, PadsWithTheZeroPoint) {
  Model model = zeropoint::testing::model_of(R"(main (uint8[1, 1] x) => (uint8[1, 3] yq)
<float32[] s = {0.5}, uint8[] z = {3}, int64[4] pads = {0, 1, 0, 1}>
{
  xd = DequantizeLinear(x, s, z)
  p = Pad(xd, pads)
  yq = QuantizeLinear(p, s, z)
}
)");
  qdq_to_qoperator(model);
  EXPECT_EQ(print_graph(model.graph), R"(main (uint8[1, 1] x) => (uint8[1, 3] yq)
<uint8[] z = {3}, int64[4] pads = {0, 1, 0, 1}>
{
  yq = Pad(x, pads, z)
}
)");
}

TEST(QdqToQOperator, RefusesSixteenBits) {
  Model model = zeropoint::testing::model_of(R"(main (float32[1] x) => (float32[1] y)
<float32[] s = {0.5}, uint16[] z = {3}>
{
  q = QuantizeLinear(x, s, z)
  y = DequantizeLinear(q, s, z)
}
)");
  try {
    qdq_to_qoperator(model);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::unsupported);
    EXPECT_EQ(e.message(), "operators on codes take 8 bits, the activations have uint16; use --format qdq");
  }
}

}  // namespace
}  // namespace zeropoint
