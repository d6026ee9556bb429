#include <gtest/gtest.h>

#include "executor/program.h"
#include "graph/text.h"
#include "zeropoint/quant.h"

// Packed weights are shared by the memory they come from: what one operator packed must not be taken for what another
// reads from the same bytes.
namespace zeropoint {
namespace {

constexpr std::string_view kText = R"(main (uint8[1, 2] x) => (int32[1, 2] y1, int32[1, 2] y2)
<int8[2, 2] w1 = {0, 0, 0, 0}, uint8[2, 2] w2 = {0, 0, 0, 0}>
{
  y1 = MatMulInteger(x, w1)
  y2 = MatMulInteger(x, w2)
}
)";

TEST(SharedWeights, TheSameBytesOfTwoTypesArePackedTwice) {
  const std::uint8_t bytes[] = {255, 0, 0, 200};
  Graph graph = parse_graph(kText);
  graph.value(graph.find("w1")).constant = Tensor::view(DType::i8, {2, 2}, bytes);
  graph.value(graph.find("w2")).constant = Tensor::view(DType::u8, {2, 2}, bytes);
  Program program = Program::compile(graph, {{"", 21}});
  const Tensor x = Tensor::of<std::uint8_t>({1, 2}, {1, 2});
  const std::vector<Tensor> y = program.run({&x, 1});
  EXPECT_EQ(codes_of(y[0]), (std::vector<std::int32_t>{-1, -112}));
  EXPECT_EQ(codes_of(y[1]), (std::vector<std::int32_t>{255, 400}));
}

}  // namespace
}  // namespace zeropoint
