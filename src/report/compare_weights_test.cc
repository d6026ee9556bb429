#include "report/compare_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

class MemoryStore final : public TensorStore {
 public:
  void add(const std::string& name, const Tensor& tensor, const std::string& encoding = "") {
    stored_.push_back({.name = name,
                       .dtype = tensor.dtype(),
                       .shape = tensor.shape(),
                       .encoding = encoding,
                       .bytes = encoding.empty() ? tensor.bytes() : tensor.bytes() / 8});
    elements_.push_back(tensor);
  }
  std::span<const StoredTensor> tensors() const override { return stored_; }
  Tensor read(const StoredTensor& tensor) const override {
    return elements_[static_cast<std::size_t>(&tensor - stored_.data())];
  }
  void release(const StoredTensor&) const override { ++released; }

  mutable int released = 0;

 private:
  std::vector<StoredTensor> stored_;
  std::vector<Tensor> elements_;
};

TEST(CompareWeights, MatchesTensorsByNameWhateverTheirTypes) {
  MemoryStore first;
  first.add("a.weight", Tensor::of<float>({2}, {3, 4}));
  first.add("b.weight", Tensor::of<float>({1}, {1}));
  first.add("steps", Tensor::of<std::int64_t>({1}, {1}));
  MemoryStore second;
  second.add("c.weight", Tensor::of<float>({1}, {1}));
  second.add("a.weight", Tensor::of<float>({2}, {3, 3}), "Q4_0");
  const WeightComparison result = compare_weights(first, second);
  ASSERT_EQ(result.weights.size(), 1U);
  EXPECT_EQ(result.weights[0].name, "a.weight");
  EXPECT_EQ(result.weights[0].stored, "Q4_0");
  EXPECT_EQ(result.weights[0].bits_per_weight, 4);
  EXPECT_NEAR(result.weights[0].error.sqnr_db(), 10 * std::log10(25.0), 1e-12);
  EXPECT_THAT(result.only_first, ElementsAre("b.weight"));
  EXPECT_THAT(result.only_second, ElementsAre("c.weight"));
  EXPECT_EQ(first.released, 1);
}

std::string refusal(const Tensor& first, const Tensor& second) {
  MemoryStore a;
  a.add("w", first);
  MemoryStore b;
  b.add("w", second);
  try {
    compare_weights(a, b);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(CompareWeights, NamesTheTensorThatDoesNotCompare) {
  const Tensor x = Tensor::of<float>({2}, {1, 2});
  EXPECT_EQ(refusal(x, Tensor::of<float>({1, 2}, {1, 2})),
            "w: has the shape [2] in one checkpoint and [1, 2] in the other");
  EXPECT_EQ(refusal(x, Tensor::of<float>({2}, {1, NAN})), "'w': has a NaN or an infinity in one of the checkpoints");
  EXPECT_EQ(refusal(x, Tensor::of<std::int8_t>({2}, {1, 2})), "w: is float32 in one checkpoint and int8 in the other");
}

}  // namespace
}  // namespace zeropoint
