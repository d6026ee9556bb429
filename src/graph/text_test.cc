#include "graph/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

std::string error_of(std::string_view text) {
  try {
    parse_graph(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(GraphText, PrintsWhatItParses) {
  const std::string text = R"(main (float32[N, 2] x, float32 y) => (float32[N, 2, ?] z, z2)
<float32[2] w = {1, -0.5}, int4[3] codes = {-8, 0, 7}, float16[] half = {0.5}, string[1] s = {"a\"b"}, float32[N, 2] h>
{
  ["first"] h = Mul(x, w)
  z, "odd/name" = com.example.Split<axis = 1, mode = "even", alpha = 3.0, parts = [1, 1], none: ints = [], t = int64[2] {1, 2}>(h, "", y)
  z2 = If<then_branch = yes () => (a)
  {
    a = Identity(z)
  }, else_branch = no () => (b)
  {
    b = Neg(z)
  }>(codes)
}
)";
  EXPECT_EQ(print_graph(parse_graph(text)), text);
}

TEST(GraphText, KeepsKindsOfAttributes) {
  const Graph graph =
      parse_graph("g (x) => (y) {\n y = Op<a = 1, b = 1.0, c = -inf, d = [1.0, 2.5], e: float = @other>(x)\n}");
  const Node& node = graph.nodes[0];
  EXPECT_EQ(node.get_int("a", 0), 1);
  EXPECT_EQ(node.get_float("b", 0), 1.0F);
  EXPECT_THAT(node.get_floats("d"), ::testing::ElementsAre(1.0F, 2.5F));
  EXPECT_EQ(node.find("e")->ref_attr_name, "other");
  EXPECT_THROW(node.get_int("b", 0), Error);
}

TEST(GraphText, ElidesLongTensors) {
  Graph graph;
  graph.add_constant("w", Tensor::zeros(DType::f32, {1000}));
  const std::string text = print_graph(graph);
  EXPECT_THAT(text, ::testing::HasSubstr("float32[1000] w = {...}"));
  EXPECT_THAT(error_of(text), ::testing::HasSubstr("left out"));
}

TEST(GraphText, ErrorsNameTheLine) {
  EXPECT_EQ(error_of("g (x) => (y)\n{\n y = Relu x\n}"), "graph text: line 3: '(' is wanted at 'x'");
  EXPECT_THAT(error_of("g () => () <float32[2] w = {1}> {}"), ::testing::HasSubstr("1 elements for shape [2]"));
  EXPECT_THAT(error_of("g () => () <uint8[1] w = {256}> {}"), ::testing::HasSubstr("'256' is no element of uint8"));
}

}  // namespace
}  // namespace zeropoint
