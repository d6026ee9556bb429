#include "report/compare.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/parallel.h"
#include "graph/text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

class OneBatch final : public Dataset {
 public:
  explicit OneBatch(Tensor input) : input_(std::move(input)) {}
  std::int64_t size() const override { return 1; }
  bool has_labels() const override { return false; }
  std::optional<Batch> next() override {
    if (std::exchange(is_done_, true)) return std::nullopt;
    return Batch{.inputs = {input_}, .labels = {}, .samples = 1};
  }
  void rewind() override { is_done_ = false; }

 private:
  Tensor input_;
  bool is_done_ = false;
};

Model model(const std::string& text, const std::string& source = "b.onnx") {
  Model m;
  m.graph = parse_graph(text);
  m.opsets[""] = 13;
  m.source = source;
  return m;
}

TEST(ErrorSums, FollowTheirDefinitions) {
  ErrorSums sums;
  sums.add(Tensor::of<float>({2}, {3, 4}), Tensor::of<float>({2}, {3, 3}));
  EXPECT_NEAR(sums.sqnr_db(), 10 * std::log10(25.0 / 1), 1e-12);
  EXPECT_NEAR(sums.cosine(), 21 / (5 * std::sqrt(18.0)), 1e-12);
  EXPECT_EQ(sums.max_abs_error(), 1);
  EXPECT_EQ(sums.mean_abs_error(), 0.5);
}

TEST(ErrorSums, EqualValuesAreInfinitelyClose) {
  ErrorSums sums;
  sums.add(Tensor::of<float>({2}, {0, 0}), Tensor::of<float>({2}, {0, 0}));
  EXPECT_TRUE(std::isinf(sums.sqnr_db()));
  EXPECT_EQ(sums.cosine(), 1);
  EXPECT_THROW(sums.add(Tensor::of<float>({1}, {0}), Tensor::of<float>({1}, {NAN})), Error);
}

TEST(ErrorSums, DoNotDependOnTheThreadCount) {
  Tensor a = Tensor::allocate(DType::f32, {100000});
  Tensor b = Tensor::allocate(DType::f32, {100000});
  for (int i = 0; i < 100000; ++i) {
    a.mutable_data<float>()[i] = std::sin(static_cast<float>(i));
    b.mutable_data<float>()[i] = std::sin(static_cast<float>(i) * 1.001F);
  }
  const int threads = num_threads();
  std::vector<double> results;
  for (const int n : {1, 3}) {
    set_num_threads(n);
    ErrorSums sums;
    sums.add(a, b);
    results.push_back(sums.sqnr_db());
  }
  set_num_threads(threads);
  EXPECT_EQ(results[0], results[1]);
}

TEST(Compare, MatchesValuesByName) {
  const Model a = model("g (float32[N, 2] x) => (float32[N, 2] y) { h = Neg(x) only = Abs(h) y = Relu(only) }");
  const Model b = model("g (float32[N, 2] x) => (float32[N, 2] y) { h = Abs(x) y = Relu(h) }");
  OneBatch data(Tensor::of<float>({1, 2}, {-1, 1}));
  const Comparison result = compare(a, b, data);
  ASSERT_EQ(result.layers.size(), 1U);
  EXPECT_EQ(result.layers[0].name, "h");
  EXPECT_EQ(result.layers[0].op_type, "Neg");
  EXPECT_EQ(result.layers[0].error.max_abs_error(), 2);
  EXPECT_EQ(result.outputs[0].op_type, "Relu");
  EXPECT_TRUE(std::isinf(result.outputs[0].error.sqnr_db()));
  EXPECT_THAT(result.unmatched, ElementsAre("only"));

  data.rewind();
  EXPECT_TRUE(compare(a, b, data, {.outputs_only = true}).layers.empty());
}

TEST(Compare, RefusesModelsThatHaveNothingInCommon) {
  const Model a = model("g (float32[N, 2] x) => (float32[N, 2] y) { y = Relu(x) }", "a.onnx");
  const auto refusal = [&](const std::string& text) -> std::string {
    try {
      OneBatch data(Tensor::of<float>({1, 2}, {-1, 1}));
      compare(a, model(text), data);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(refusal("g (int64[N, 2] x) => (int64[N, 2] y) { y = Identity(x) }"),
            "b.onnx: the input 'x' is int64, that of the other model float32");
  EXPECT_EQ(refusal("g (float32[N, 2] x, float32[N, 2] z) => (float32[N, 2] y) { y = Add(x, z) }"),
            "b.onnx: has 2 inputs, the other model 1");
  EXPECT_EQ(refusal("g (float32[N, 2] x) => (float32[N, 2] u, float32[N, 2] v) { u = Relu(x) v = Neg(x) }"),
            "b.onnx: has no output 'y'");
}

}  // namespace
}  // namespace zeropoint
