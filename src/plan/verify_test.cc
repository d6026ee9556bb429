#include "plan/verify.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>

#include "support/model_text.h"

namespace zeropoint {
namespace {

using testing::model_of;

Program program(std::string_view body, std::string_view outputs = "float32[N] y") {
  return Program::compile(
      model_of(fmt::format("m (float32[N] x) => ({})\n<float32[] c = {{0.5}}>\n{{\n{}\n}}\n", outputs, body)));
}

std::vector<std::vector<Tensor>> batches() {
  return {{Tensor::of<float>({2}, {3, -4})}, {Tensor::of<float>({1}, {0})}};
}

TEST(Reference, MeasuresEachOutputOverAllBatches) {
  Program real = program("y = Identity(x)");
  Program rounded = program("y = Add(x, c)");
  const auto errors = Reference(real, batches()).compare(rounded, "q.onnx");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].name, "y");
  EXPECT_DOUBLE_EQ(errors[0].sqnr_db, 10 * std::log10(25 / 0.75));
  EXPECT_DOUBLE_EQ(errors[0].max_abs_error, 0.5);
  EXPECT_DOUBLE_EQ(nearness(errors), errors[0].sqnr_db);
}

TEST(Reference, NothingIsNearerThanEqual) {
  Program real = program("y = Identity(x)");
  const auto errors = Reference(real, batches()).compare(real, "q.onnx");
  EXPECT_EQ(nearness(errors), std::numeric_limits<double>::infinity());
}

TEST(Reference, IntegersAreEqualOrNot) {
  Program real = program("y = Cast<to = 7>(x)", "int64[N] y");
  Program other = program("a = Abs(x)\n y = Cast<to = 7>(a)", "int64[N] y");
  const auto errors = Reference(real, batches()).compare(other, "q.onnx");
  EXPECT_FALSE(errors[0].is_real);
  EXPECT_DOUBLE_EQ(errors[0].agreement, 2.0 / 3);
  EXPECT_DOUBLE_EQ(nearness(errors), 2.0 / 3);
}

TEST(Reference, EqualModelsHaveNoNoise) {
  Program real = program("y = Log(x)");  // NaN for -4 and -infinity for 0, in both
  Program same = program("y = Log(x)");
  const auto errors = Reference(real, batches()).compare(same, "q.onnx");
  EXPECT_TRUE(std::isinf(errors[0].sqnr_db));
  EXPECT_EQ(errors[0].agreement, 1);
}

std::string refusal(std::string_view body, std::string_view outputs = "float32[N] y") {
  Program real = program("y = Identity(x)");
  Program broken = program(body, outputs);
  try {
    Reference(real, batches()).compare(broken, "q.onnx");
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid_model);
    return e.what();
  }
  return "accepted";
}

TEST(Reference, RefusesModelsThatAreNotTheSame) {
  EXPECT_EQ(refusal("y = Log(x)"), "q.onnx: output 'y' is nan at element 1, the float model gives -4");
  EXPECT_EQ(refusal("y = Cast<to = 7>(x)", "int64[N] y"),
            "q.onnx: output 'y' is int64[2], the float model gives float32[2]");
  EXPECT_EQ(refusal("y = Identity(x)\n z = Neg(x)", "float32[N] y, float32[N] z"),
            "q.onnx: it has 2 outputs, the float model 1");
}

}  // namespace
}  // namespace zeropoint
