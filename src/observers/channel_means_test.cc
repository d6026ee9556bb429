#include "observers/channel_means.h"

#include <gmock/gmock.h>

#include "base/parallel.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

TEST(ChannelMeans, AreTakenOverSamplesAndPixels) {
  ChannelMeans means;
  means.observe(Tensor::of<float>({1, 2, 2}, {1, 3, -1, -1}));
  means.observe(Tensor::of<float>({2, 2, 2}, {5, 3, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(means.count(), 6U);
  EXPECT_THAT(means.means(), ElementsAre(2, 0));
}

TEST(ChannelMeans, MergeEqualsTheWhole) {
  const Tensor a = Tensor::of<float>({1, 2, 1}, {1e8F, 0.1F});
  const Tensor b = Tensor::of<float>({1, 2, 1}, {1e-8F, 0.2F});
  const Tensor c = Tensor::of<float>({1, 2, 1}, {-1e8F, 0.3F});
  ChannelMeans whole;
  for (const Tensor& t : {a, b, c}) whole.observe(t);
  ChannelMeans left;
  ChannelMeans right;
  right.observe(c);
  right.observe(b);
  left.observe(a);
  left.merge(right);
  left.merge(ChannelMeans());
  EXPECT_EQ(left, whole);
  EXPECT_DOUBLE_EQ(whole.means()[0], 1e-8F / 3.0) << "nothing is lost between 1e8 and -1e8";
}

TEST(ChannelMeans, DoNotDependOnThreads) {
  Tensor x = Tensor::allocate(DType::f32, {3, 37, 50});
  for (std::int64_t i = 0; i < x.size(); ++i) x.mutable_data<float>()[i] = 1.0F / static_cast<float>(i + 1);
  const auto with_threads = [&](int threads) {
    set_num_threads(threads);
    ChannelMeans means;
    means.observe(x);
    set_num_threads(0);
    return means;
  };
  EXPECT_EQ(with_threads(1), with_threads(2));
}

TEST(ChannelMeans, RefusesOtherShapes) {
  ChannelMeans means;
  means.observe(Tensor::of<float>({1, 2}, {1, 2}));
  EXPECT_THROW(means.observe(Tensor::of<float>({1, 3}, {1, 2, 3})), Error);
  EXPECT_THROW(means.observe(Tensor::of<float>({2}, {1, 2})), Error);
}

}  // namespace
}  // namespace zeropoint
