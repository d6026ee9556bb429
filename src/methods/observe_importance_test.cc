#include "methods/observe_importance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "graph/text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

/// Two batches of rows.
class Rows final : public Dataset {
 public:
  explicit Rows(std::vector<Tensor> batches) : batches_(std::move(batches)) {}
  std::int64_t size() const override { return std::ssize(batches_); }
  bool has_labels() const override { return false; }
  std::optional<Batch> next() override {
    if (at_ == batches_.size()) return std::nullopt;
    return Batch{.inputs = {batches_[at_++]}, .labels = {}, .samples = 1};
  }
  void rewind() override { at_ = 0; }

 private:
  std::vector<Tensor> batches_;
  std::size_t at_ = 0;
};

Model two_layers() {
  Model model;
  model.opsets[""] = 23;
  model.graph = parse_graph(R"(main (float32[N, 2] x) => (float32[N, 1] z)
<bfloat16[2, 2] "q.weight" = {2, 0, 0, 1}, float32[2, 2] "k.weight" = {1, 0, 0, 1}, float32[2, 1] "out.weight" = {1, 1}>
{
  "q.wide" = Cast<to = 1>("q.weight")
  "q.turned" = Transpose<perm = [1, 0]>("q.wide")
  "q" = MatMul(x, "q.turned")
  "k" = MatMul(x, "k.weight")
  "sum" = Add("q", "k")
  z = MatMul("sum", "out.weight")
}
)");
  return model;
}

TEST(ObserveImportance, IsTheMeanSquareOfEveryInputColumn) {
  Rows data({Tensor::of<float>({1, 2}, {1, 10}), Tensor::of<float>({2, 2}, {2, 0, 3, 0})});
  const ObservedImportance seen = observe_importance(two_layers(), data);
  const Importance importance = seen.means();
  EXPECT_EQ(seen.rows, 3);
  EXPECT_EQ(importance.size(), 3U);
  EXPECT_THAT(importance.at("q.weight"), ElementsAre(14.0F / 3, 100.0F / 3));
  EXPECT_EQ(importance.at("k.weight"), importance.at("q.weight"));  // they share their input
  EXPECT_THAT(importance.at("out.weight"), ElementsAre(9 * 14.0F / 3, 4 * 100.0F / 3));
}

TEST(ObserveImportance, RefusesDataThatIsMissingOrNotFinite) {
  Rows none({});
  EXPECT_THROW(observe_importance(two_layers(), none), Error);
  Rows infinite({Tensor::of<float>({1, 2}, {std::numeric_limits<float>::infinity(), 1})});
  EXPECT_THROW(observe_importance(two_layers(), infinite), Error);
}

}  // namespace
}  // namespace zeropoint
