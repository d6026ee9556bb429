#include "report/evaluate.h"

#include <gmock/gmock.h>

#include <cmath>

#include "graph/text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::HasSubstr;

/// Batches that are in memory already.
class Batches final : public Dataset {
 public:
  explicit Batches(std::vector<Batch> batches) : batches_(std::move(batches)) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(batches_.size()); }
  bool has_labels() const override { return !batches_.empty() && !batches_[0].labels.empty(); }
  std::optional<Batch> next() override {
    if (position_ == batches_.size()) return std::nullopt;
    return batches_[position_++];
  }
  void rewind() override { position_ = 0; }

 private:
  std::vector<Batch> batches_;
  std::size_t position_ = 0;
};

Program compile(const std::string& text) {
  Model model;
  model.graph = parse_graph(text);
  model.opsets[""] = 13;
  return Program::compile(model);
}

Program pass_through(const std::string& dims) {
  return compile("g (float32[" + dims + "] x) => (float32[" + dims + "] y) { y = Identity(x) }");
}

double score(const Evaluation& result, const std::string& name) {
  for (const Score& s : result.scores) {
    if (s.name == name) return s.value;
  }
  return -1;
}

std::string refusal(Program program, Batches data, const EvaluateOptions& options) {
  try {
    evaluate(program, data, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Evaluate, CountsTheBestAndTheBestFive) {
  Program program = pass_through("N, 6");
  Batches data(
      {{.inputs = {Tensor::of<float>({2, 6}, {9, 1, 2, 3, 4, 5, 0, 6, 5, 4, 3, 2})}, .labels = {0, 0}, .samples = 2},
       {.inputs = {Tensor::of<float>({1, 6}, {9, 1, 2, 3, 4, 5})}, .labels = {2}, .samples = 1}});
  const Evaluation result = evaluate(program, data);
  EXPECT_EQ(result.samples, 3);
  EXPECT_DOUBLE_EQ(score(result, "top1"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(score(result, "top5"), 2.0 / 3);
}

TEST(Evaluate, OfEqualScoresTheFirstIsTheBest) {
  Program program = pass_through("N, 2");
  Batches data({{.inputs = {Tensor::of<float>({2, 2}, {1, 1, 1, 1})}, .labels = {0, 1}, .samples = 2}});
  const Evaluation result = evaluate(program, data);
  EXPECT_DOUBLE_EQ(score(result, "top1"), 0.5);
  EXPECT_EQ(score(result, "top5"), -1);  // would say nothing of two classes
}

TEST(Evaluate, ScoresThePartThatIsSelected) {
  Program program = pass_through("N, 2, 2");
  Batches data({{.inputs = {Tensor::of<float>({1, 2, 2}, {0, 1, 1, 0})}, .labels = {1}, .samples = 1}});
  const Evaluation result = evaluate(program, data, {.metric = "top1", .of = {.selection = "[:,0,:]"}});
  EXPECT_DOUBLE_EQ(score(result, "top1"), 1);
}

TEST(Evaluate, PerplexityOfUniformLogitsIsTheVocabulary) {
  Program program = compile(
      "g (int64[N, 3] tokens) => (float32[N, 3, 4] logits)\n"
      "<float32[4] zeros = {0, 0, 0, 0}>\n"
      "{ f = Cast<to = 1>(tokens) axes = Constant<value = int64[1] {2}>() u = Unsqueeze(f, axes)\n"
      "  n = Sub(u, u) logits = Add(n, zeros) }");
  Batches data({{.inputs = {Tensor::of<std::int64_t>({1, 3}, {0, 3, 1})}, .labels = {}, .samples = 1}});
  const Evaluation result = evaluate(program, data, {.metric = "perplexity"});
  EXPECT_NEAR(score(result, "perplexity"), 4, 1e-12);
  EXPECT_EQ(score(result, "tokens"), 2);
}

TEST(Evaluate, SaysWhatIsMissing) {
  const Tensor row = Tensor::of<float>({1, 2}, {0, 1});
  EXPECT_EQ(
      refusal(pass_through("N, 2"), Batches({{.inputs = {row}, .labels = {}, .samples = 1}}), {}),
      "--data: has no labels, which the metric top1 needs; give them with --labels, or choose --metric perplexity "
      "or speed");
  EXPECT_EQ(refusal(pass_through("N, 2"), Batches({{.inputs = {row}, .labels = {2}, .samples = 1}}), {}),
            "y: has 2 classes; sample 0 is labelled 2");
  EXPECT_EQ(
      refusal(pass_through("N, 2"), Batches({{.inputs = {row}, .labels = {1}, .samples = 1}}), {.metric = "top2"}),
      "--metric: unknown metric 'top2'; did you mean 'top1'? (top1, perplexity, speed)");
  EXPECT_THAT(
      refusal(pass_through("N, 2"), Batches({{.inputs = {row}, .labels = {}, .samples = 1}}), {.metric = "perplexity"}),
      HasSubstr("has no input of tokens"));
  const Tensor nan = Tensor::of<float>({1, 2}, {0, NAN});
  EXPECT_EQ(refusal(pass_through("N, 2"), Batches({{.inputs = {nan}, .labels = {0}, .samples = 1}}), {}),
            "y: has a NaN for sample 0");
  const Tensor square = Tensor::of<float>({1, 2, 2}, {0, 1, 2, 3});
  EXPECT_THAT(refusal(pass_through("N, 2, 2"), Batches({{.inputs = {square}, .labels = {0}, .samples = 1}}), {}),
              HasSubstr("say with --select which part holds the scores"));
  EXPECT_EQ(refusal(pass_through("N, 2"), Batches({{.inputs = {row}, .labels = {0}, .samples = 1}}),
                    {.metric = "top1", .of = {.output = "z"}}),
            "--output-name: unknown output 'z' (y)");
}

}  // namespace
}  // namespace zeropoint
