#include "executor/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "graph/text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::map<std::string, std::int64_t> kOpsets{{"", 17}};

Program program_of(std::string_view text, std::vector<std::string> taps = {}) {
  return Program::compile(parse_graph(text), kOpsets, {.taps = std::move(taps)});
}

std::vector<float> floats(const Tensor& tensor) {
  return {tensor.values<float>().begin(), tensor.values<float>().end()};
}

template <class Function>
std::string error_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

constexpr std::string_view kChain = R"(main (float32[N] x) => (float32[N] z)
<float32[1] one = {1}>
{
  a = Add(x, one)
  b = Relu(a)
  z = Mul(b, a)
}
)";

TEST(Program, RunsNodesInOrder) {
  Program program = program_of(kChain);
  const Tensor x = Tensor::of<float>({3}, {-3, 0, 2});
  EXPECT_THAT(floats(program.run({&x, 1})[0]), ElementsAre(0, 1, 9));
}

TEST(Program, PlansForEveryShape) {
  Program program = program_of(kChain);
  for (const std::int64_t n : {1, 100, 2, 3, 4, 5, 100, 1}) {
    Tensor x = Tensor::zeros(DType::f32, {n});
    const Tensor z = program.run({&x, 1})[0];
    EXPECT_EQ(z.shape(), Shape{n});
    EXPECT_EQ(floats(z), std::vector<float>(static_cast<std::size_t>(n), 1.0F));
  }
}

TEST(Program, ResultsBelongToTheCaller) {
  Program program = program_of(kChain);
  const Tensor x = Tensor::of<float>({1}, {1});
  const Tensor y = Tensor::of<float>({1}, {2});
  const Tensor first = program.run({&x, 1})[0];
  const Tensor second = program.run({&y, 1})[0];
  EXPECT_THAT(floats(first), ElementsAre(4));
  EXPECT_THAT(floats(second), ElementsAre(9));
}

TEST(Program, ReturnsCopiesOfInputsAndConstants) {
  Program program =
      program_of("main (float32[2] x) => (x, c, v)\n<float32[1] c = {5}, int64[1] s = {2}>\n{\n v = Reshape(x, s)\n}");
  Tensor x = Tensor::of<float>({2}, {1, 2});
  const std::vector<Tensor> results = program.run({&x, 1});
  x.mutable_data<float>()[0] = 7;
  EXPECT_THAT(floats(results[0]), ElementsAre(1, 2));
  EXPECT_THAT(floats(results[1]), ElementsAre(5));
  EXPECT_THAT(floats(results[2]), ElementsAre(1, 2));
}

TEST(Program, TapsReportEachValueOnceInOrder) {
  Program program = program_of(kChain, {"z", "x", "a", "b", "one"});
  const Tensor x = Tensor::of<float>({2}, {-3, 2});
  std::vector<std::size_t> order;
  std::vector<std::vector<float>> seen(5);
  program.run({&x, 1}, [&](std::size_t tap, const Tensor& value) {
    order.push_back(tap);
    seen[tap] = floats(value);
  });
  EXPECT_THAT(order, ElementsAre(1, 4, 2, 3, 0));
  EXPECT_THAT(seen[0], ElementsAre(0, 9));
  EXPECT_THAT(seen[1], ElementsAre(-3, 2));
  EXPECT_THAT(seen[2], ElementsAre(-2, 3));
  EXPECT_THAT(seen[3], ElementsAre(0, 3));
  EXPECT_THAT(seen[4], ElementsAre(1));
}

TEST(Program, ReusesMemory) {
  std::string text = "main (float32[1024] x) => (y)\n{\n v0 = Sin(x)\n";
  for (int i = 1; i < 20; ++i)
    text += "v" + std::to_string(i) + " = Concat<axis = 0>(v" + std::to_string(i - 1) + ")\n";
  Program program = program_of(text + " y = Sin(v19)\n}");
  EXPECT_LE(program.arena_bytes(), 2U * 4096);
}

TEST(Program, ComputesShapesEarly) {
  Program program = program_of(R"(main (float32[N, 2, 3] x) => (y)
<int64[] zero = {0}, int64[1] minus = {-1}, int64[1] axis = {0}>
{
  s = Shape(x)
  n = Gather(s, zero)
  n1 = Unsqueeze(n, axis)
  target = Concat<axis = 0>(n1, minus)
  y = Reshape(x, target)
}
)");
  const Tensor x = Tensor::zeros(DType::f32, {4, 2, 3});
  EXPECT_EQ(program.run({&x, 1})[0].shape(), (Shape{4, 6}));
}

TEST(Program, KnowsTheShapeOfAConstant) {
  Program program =
      program_of("main (int64[1] x) => (y)\n<float32[3] c = {1, 2, 3}>\n{\n s = Shape(c)\n y = Add(s, x)\n}");
  const Tensor x = Tensor::of<std::int64_t>({1}, {4});
  EXPECT_EQ(program.run({&x, 1})[0].data<std::int64_t>()[0], 7);
}

TEST(Program, ShapesMayDependOnData) {
  Program program = program_of(R"(main (float32[N] x, int64[2] target) => (y, z)
{
  i = NonZero(x)
  y = Transpose(i)
  r = Reshape(x, target)
  z = Relu(r)
}
)",
                               {"i", "z"});
  const Tensor target = Tensor::of<std::int64_t>({2}, {2, -1});
  for (int run = 0; run < 2; ++run) {
    for (const auto& [x, shape, count] : {std::tuple(Tensor::of<float>({4}, {1, 0, 2, 0}), Shape{2, 2}, 2),
                                          std::tuple(Tensor::of<float>({6}, {1, -1, 1, 0, 1, 1}), Shape{2, 3}, 5)}) {
      int taps = 0;
      const Tensor inputs[] = {x, target};
      const std::vector<Tensor> results = program.run(inputs, [&](std::size_t, const Tensor&) { ++taps; });
      EXPECT_EQ(results[0].shape(), (Shape{count, 1}));
      EXPECT_EQ(results[1].shape(), shape);
      EXPECT_GE(results[1].values<float>()[1], 0.0F);
      EXPECT_EQ(taps, 2);
    }
  }
}

TEST(Program, ViewsMadeLateOutliveWhatTheyView) {
  Program program = program_of(R"(main (float32[4] x, int64[2] target) => (y)
{
  a = Sin(x)
  late = Reshape(a, target)
  b = Cos(x)
  c = Sin(b)
  d = Reshape(c, target)
  y = Sub(late, d)
}
)");
  const Tensor inputs[] = {Tensor::of<float>({4}, {0, 1, 2, 3}), Tensor::of<std::int64_t>({2}, {2, 2})};
  const std::vector<float> y = floats(program.run(inputs)[0]);
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(y[static_cast<std::size_t>(i)], std::sin(i) - std::sin(std::cos(i)), 1e-6);
}

TEST(Program, RefusesWhatDoesNotFit) {
  Program program = program_of("main (float32[N, 2] x, float32[N] y) => (z)\n{\n z = Relu(x)\n w = Relu(y)\n}");
  const Tensor one = Tensor::zeros(DType::f32, {3, 1});
  const Tensor two = Tensor::zeros(DType::f32, {3, 2});
  const Tensor four = Tensor::zeros(DType::f32, {4});
  EXPECT_EQ(error_of([&] { program.run({&one, 1}); }), "inputs: the model has 2 inputs, 1 given");
  const Tensor wrong_shape[] = {one, four};
  EXPECT_EQ(error_of([&] { program.run(wrong_shape); }),
            "input 'x': the model takes float32 [N, 2], not float32 [3, 1]");
  const Tensor wrong_symbol[] = {two, four};
  EXPECT_EQ(error_of([&] { program.run(wrong_symbol); }), "input 'y': 'N' is 4 here and 3 before");
  const Tensor wrong_type[] = {Tensor::zeros(DType::f64, {4, 2}), four};
  EXPECT_EQ(error_of([&] { program.run(wrong_type); }),
            "input 'x': the model takes float32 [N, 2], not float64 [4, 2]");
}

TEST(Program, ErrorsNameTheNode) {
  EXPECT_THAT(error_of([] { program_of("g (float32[1] x) => (y)\n{\n [\"n\"] y = Frobnicate(x)\n}"); }),
              HasSubstr("node 'n' (Frobnicate): the operator Frobnicate is not offered at opset 17"));
  EXPECT_THAT(error_of([] { program_of("g (float32[2] x, float32[3] z) => (y)\n{\n [\"n\"] y = Add(x, z)\n}"); }),
              HasSubstr("node 'n' (Add): "));
  EXPECT_EQ(error_of([] { program_of(kChain, {"nothing"}); }), "nothing: the model has no value of this name");
}

}  // namespace
}  // namespace zeropoint
