#include <gtest/gtest.h>

#include "base/fail.h"
#include "executor/program.h"
#include "graph/text.h"
#include "zeropoint/quant.h"

// Codes on one grid keep the layout that a convolution gave them; a grid per channel needs the graph's own order of
// axes.
namespace zeropoint {
namespace {

std::vector<float> run(std::string_view grid, std::string_view type) {
  const std::string text = fmt::format(R"(main (float32[1, 2, 2, 3] x) => (float32[1, 2, 2, 3] y)
<float32[2, 2, 1, 1] w = {{1, 0, 0, 2}}, {}>
{{
  c = Conv(x, w)
  q = QuantizeLinear<axis = 1>(c, s, z)
  y = DequantizeLinear<axis = 1>(q, s, z)
}}
)",
                                       fmt::format(fmt::runtime(grid), type));
  Program program = Program::compile(parse_graph(text), {{"", 21}});
  Tensor x = Tensor::allocate(DType::f32, {1, 2, 2, 3});
  for (std::int64_t i = 0; i < 12; ++i) x.mutable_data<float>()[i] = static_cast<float>(i % 4);
  const Tensor y = program.run({&x, 1})[0];
  return {y.values<float>().begin(), y.values<float>().end()};
}

TEST(QuantizedLayout, GridsOfAnyGranularityAndCodesOfAnyWidth) {
  const std::vector<float> want = {0, 1, 2, 3, 0, 1, 4, 6, 0, 2, 4, 6};
  for (const std::string_view type : {"uint8", "int8", "int16", "uint4", "int4"}) {
    EXPECT_EQ(run("float32[] s = {{1}}, {0}[] z = {{0}}", type), want) << type;
    EXPECT_EQ(run("float32[1] s = {{1}}, {0}[1] z = {{0}}", type), want) << type;
    EXPECT_EQ(run("float32[2] s = {{1, 2}}, {0}[2] z = {{0, 1}}", type), want) << type;
  }
}

TEST(QuantizedLayout, CodesOfAnyWidthAreAnOutput) {
  Tensor x = Tensor::allocate(DType::f32, {1, 2, 1, 3});
  for (std::int64_t i = 0; i < 6; ++i) x.mutable_data<float>()[i] = static_cast<float>(i);
  for (const DType type : {DType::u8, DType::i16, DType::u4, DType::i4, DType::i2}) {
    for (const std::string_view quantize : {"QuantizeLinear(c, s, z)", "QuantizeLinear<output_dtype = {1}>(c, s)"}) {
      const std::string node = fmt::format(fmt::runtime(quantize), name(type), static_cast<int>(type));
      const std::string text = fmt::format(R"(main (float32[1, 2, 1, 3] x) => ({0}[1, 2, 1, 3] q)
<float32[2, 2, 1, 1] w = {{1, 0, 0, 0.2}}, float32[] s = {{1}}, {0}[] z = {{0}}>
{{
  c = Conv(x, w)
  q = {1}
}}
)",
                                           name(type), node);
      Program program = Program::compile(parse_graph(text), {{"", 25}});
      EXPECT_EQ(codes_of(program.run({&x, 1})[0]),
                (std::vector<std::int32_t>{0, 1, type == DType::i2 ? 1 : 2, 1, 1, 1}))
          << node;
    }
  }
}

}  // namespace
}  // namespace zeropoint
