#include "report/selection.h"

#include <gmock/gmock.h>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

Tensor cube() { return Tensor::of<float>({2, 3, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}); }

std::string refusal(std::string_view text) {
  try {
    Selection::parse(text, "--select").of(cube());
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Selection, PicksAsNumPyDoes) {
  const Tensor middle = Selection::parse("[:,1,:]", "").of(cube());
  EXPECT_EQ(middle.shape(), (Shape{2, 2}));
  EXPECT_THAT(middle.values<float>(), ElementsAre(2, 3, 8, 9));
  EXPECT_THAT(Selection::parse("1, -1", "").of(cube()).values<float>(), ElementsAre(10, 11));
  EXPECT_THAT(Selection::parse("[:,:,1]", "").of(cube()).values<float>(), ElementsAre(1, 3, 5, 7, 9, 11));
  EXPECT_EQ(Selection::parse("", "").of(cube()).shape(), cube().shape());
}

TEST(Selection, RefusesWhatIsNotThere) {
  EXPECT_EQ(refusal("[:,3]"), "--select: 3 is no index of axis 1 in [2, 3, 2]");
  EXPECT_EQ(refusal("[0,0,0,0]"), "--select: selects from 4 axes; the shape is [2, 3, 2]");
  EXPECT_EQ(refusal("[:,a]"), "--select: 'a' is neither ':' nor a number in '[:,a]'");
}

}  // namespace
}  // namespace zeropoint
