#include "plan/calibrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "graph/text.h"
#include "support/model_text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;

/// Batches from memory, each a vector of floats.
class MemoryDataset final : public Dataset {
 public:
  explicit MemoryDataset(std::vector<std::vector<float>> batches) : batches_(std::move(batches)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(batches_.size()); }
  bool has_labels() const override { return false; }
  std::optional<Batch> next() override {
    if (at_ == batches_.size()) return std::nullopt;
    const std::vector<float>& values = batches_[at_++];
    Batch batch;
    batch.inputs.push_back(Tensor::copy_of<float>({static_cast<std::int64_t>(values.size())}, values));
    batch.samples = 1;
    return batch;
  }
  void rewind() override { at_ = 0; }

 private:
  std::vector<std::vector<float>> batches_;
  std::size_t at_ = 0;
};

constexpr std::string_view kNetwork = R"(net (float32[N] x) => (float32[N] y, s)
<float32[1] one = {1}>
{
  a = Add(x, one)
  b = Relu(a)
  y = Mul(b, b)
  s = Shape(b)
}
)";

Model network(std::string_view text = kNetwork) {
  Model model;
  model.graph = parse_graph(text);
  model.opsets = {{"", 17}};
  return model;
}

std::string error_of(const Model& model, MemoryDataset data, std::vector<std::string> tensors) {
  try {
    calibrate(model, data, tensors);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Calibrate, RecordsEveryTensorOverAllSamples) {
  const Model model = network();
  MemoryDataset data({{-3, 1}, {0, 4, 5}});
  const std::vector<std::string> tensors = observable_values(model.graph);
  EXPECT_THAT(tensors, ElementsAre("x", "a", "b", "y", "s"));
  std::vector<std::int64_t> progress;
  const Statistics seen = calibrate(model, data, tensors, {.on_progress = [&](std::int64_t done, std::int64_t total) {
                                      EXPECT_EQ(total, 2);
                                      progress.push_back(done);
                                    }});
  EXPECT_EQ(seen.samples, 2U);
  EXPECT_THAT(progress, ElementsAre(1, 2));
  EXPECT_THAT(seen.tensors, ElementsAre(Key("a"), Key("b"), Key("x"), Key("y")));  // s is int64
  const auto range = [&](const std::string& name) {
    const SliceStatistics& s = seen.tensors.at(name).slices().front();
    EXPECT_EQ(s.count, 5U);
    return Range{s.min, s.max};
  };
  EXPECT_EQ(range("x"), (Range{-3, 5}));
  EXPECT_EQ(range("a"), (Range{-2, 6}));
  EXPECT_EQ(range("b"), (Range{0, 6}));
  EXPECT_EQ(range("y"), (Range{0, 36}));
}

TEST(Calibrate, WeightsAreNotObservedHoweverTheyAreStored) {
  const Model model = testing::model_of(
      "g (float32[N, 2] x) => (y) <bfloat16[2, 2] w = {1, 0, 0, 1}>\n"
      "{ wide = Cast<to = 1>(w) turned = Transpose(wide) y = MatMul(x, turned) }");
  EXPECT_THAT(observable_values(model.graph), ElementsAre("x", "y"));
}

TEST(Calibrate, ShardsMergeToTheWhole) {
  const Model model = network();
  const std::vector<std::string> tensors = observable_values(model.graph);
  MemoryDataset whole({{-3, 1}, {0, 4, 5}, {0.1F}});
  MemoryDataset first({{-3, 1}});
  MemoryDataset second({{0, 4, 5}, {0.1F}});
  Statistics joined = calibrate(model, second, tensors);
  joined.merge(calibrate(model, first, tensors));
  Statistics expected = calibrate(model, whole, tensors);
  EXPECT_EQ(joined.samples, expected.samples);
  for (const auto& [name, tensor] : expected.tensors) {
    SliceStatistics left = joined.tensors.at(name).slices().front();
    SliceStatistics right = tensor.slices().front();
    right.moving_min = right.moving_max = 0;  // lost in a merge
    right.is_merged = true;
    EXPECT_EQ(left, right) << name;
  }
}

TEST(Calibrate, NamesTheTensorAndTheSampleThatIsNotFinite) {
  const Model model = network();
  EXPECT_EQ(error_of(model, MemoryDataset({{1}, {1, std::nanf("")}}), {"b"}),
            "tensor 'b': sample 1: 1 NaN and 0 infinite values of 2 (the first at element 1); a range cannot be chosen "
            "from them");
  EXPECT_THAT(error_of(model, MemoryDataset({{1}, {3e38F, 3e38F}}), {"y"}), HasSubstr("0 NaN and 2 infinite"));
}

TEST(Calibrate, RefusesNoDataAndUnknownTensors) {
  EXPECT_THAT(error_of(network(), MemoryDataset({}), {"a"}), HasSubstr("there is no sample"));
  EXPECT_THAT(error_of(network(), MemoryDataset({{1}, {2}}), {"nope"}), HasSubstr("the model has no tensor 'nope'"));
}

}  // namespace
}  // namespace zeropoint
