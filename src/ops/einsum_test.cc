#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run_op.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::zeropoint::testing::counting;
using ::zeropoint::testing::error_of;
using ::zeropoint::testing::list;
using ::zeropoint::testing::OpCall;
using ::zeropoint::testing::run_op;

OpCall einsum(const std::string& equation, std::vector<Tensor> inputs) {
  return {.op_type = "Einsum", .inputs = std::move(inputs), .attributes = {{"equation", equation}}};
}

std::vector<float> values(const std::string& equation, std::vector<Tensor> inputs) {
  return list<float>(run_op(einsum(equation, std::move(inputs)))[0]);
}

TEST(Einsum, OneOperand) {
  const Tensor x = counting({2, 3});
  EXPECT_THAT(values("ij->ji", {x}), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(values("ij->i", {x}), ElementsAre(3, 12));
  EXPECT_THAT(values("ij->", {x}), ElementsAre(15));
  EXPECT_THAT(values("ii->i", {counting({3, 3})}), ElementsAre(0, 4, 8));
  EXPECT_THAT(values("ba", {x}), ElementsAre(0, 3, 1, 4, 2, 5)) << "without an arrow: alphabetical";
}

TEST(Einsum, MatrixProducts) {
  const Tensor a = counting({2, 2});
  EXPECT_THAT(values("ij,jk->ik", {a, a}), ElementsAre(2, 3, 6, 11));
  EXPECT_THAT(values("ij,kj", {a, a}), ElementsAre(1, 3, 3, 13));
  EXPECT_THAT(values("bij,bjk->bik", {counting({2, 1, 2}), counting({2, 2, 1})}), ElementsAre(1, 13));
  EXPECT_THAT(values("i,i", {counting({3}), counting({3})}), ElementsAre(5));
  EXPECT_THAT(values("i,j->ij", {counting({2}), counting({3})}), ElementsAre(0, 0, 0, 0, 1, 2));
}

TEST(Einsum, EllipsesAlignFromTheRight) {
  EXPECT_THAT(values("...ij,...jk->...ik", {counting({2, 1, 2}), counting({2, 1})}), ElementsAre(1, 3));
  EXPECT_THAT(values("...ii->...i", {counting({1, 2, 2})}), ElementsAre(0, 3));
  const Tensor y = run_op(einsum("...i->...", {counting({2, 1, 3})}))[0];
  EXPECT_EQ(y.shape(), (Shape{2, 1}));
}

TEST(Einsum, ThreeOperandsFromLeftToRight) {
  const Tensor v = counting({2});
  EXPECT_THAT(values("i,ij,j->", {v, counting({2, 2}), v}), ElementsAre(3));
}

TEST(Einsum, SumsWhatOnlyOneOperandHasBeforeItMultiplies) {
  const Tensor large = Tensor::zeros(DType::f32, {100'000});
  EXPECT_THAT(values("i,j->", {large, large}), ElementsAre(0));
  EXPECT_THAT(values("ij,k->j", {counting({2, 2}), counting({3})}), ElementsAre(6, 12));
  EXPECT_THAT(values("ii,j->j", {counting({2, 2}), counting({2})}), ElementsAre(0, 3));
}

TEST(Einsum, RefusesWhatDoesNotFit) {
  EXPECT_THAT(error_of(einsum("ij,jk->ik", {counting({2, 2})})), HasSubstr("'ij,jk->ik' has 2 terms for 1 inputs"));
  EXPECT_THAT(error_of(einsum("ijk->i", {counting({2, 2})})),
              HasSubstr("the term 'ijk' does not fit an input of rank 2"));
  EXPECT_THAT(error_of(einsum("ij,jk->ik", {counting({2, 3}), counting({2, 2})})),
              HasSubstr("one label has sizes 3 and 2"));
  EXPECT_THAT(error_of(einsum("i->j", {counting({2})})), HasSubstr("has a label that no input has"));
  EXPECT_THAT(error_of(einsum("i1->i", {counting({2, 2})})), HasSubstr("a character that is no letter"));
}

}  // namespace
}  // namespace zeropoint
