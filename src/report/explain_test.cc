#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "report/explain_arithmetic.h"
#include "report/explain_mistakes.h"
#include "report/explain_range.h"
#include "report/explain_tensor.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr Scheme kInt8{.dtype = DType::i8};

/// Characters of the widest line; a character of UTF-8 counts once.
std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  std::size_t width = 0;
  for (const char c : text) {
    if (c == '\n') {
      widest = std::max(widest, width);
      width = 0;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      ++width;
    }
  }
  return widest;
}

TEST(ExplainRange, FollowsAValueThroughTheQuantizer) {
  const RangeExplanation e = explain_range({-3.0, 3.2}, kInt8, std::vector<float>{0.1F, 5.0F});
  EXPECT_EQ(e.derivation.qparams.zero_point, -5);
  ASSERT_EQ(e.values.size(), 2U);
  EXPECT_EQ(e.values[0].q, -1);
  EXPECT_NEAR(static_cast<double>(e.values[0].x_back), 0.0972549, 1e-6);
  EXPECT_FALSE(e.values[0].is_clipped);
  EXPECT_EQ(e.values[1].q, 127);
  EXPECT_TRUE(e.values[1].is_clipped);
}

TEST(ExplainRange, TellsEveryNumberOfTheDerivation) {
  const std::string text = to_text(explain_range({-3.0, 3.2}, kInt8, {}));
  EXPECT_THAT(text, HasSubstr("S = 6.2 / 255 = 0.0243137255      (1/S = 41.129)"));
  EXPECT_THAT(text, HasSubstr("Z = -128 - (-3) / 0.02431373 = -4.612903"));
  EXPECT_THAT(text, HasSubstr("Z = -5\n"));
  EXPECT_THAT(text, HasSubstr("[-2.990588, 3.209412]"));
  EXPECT_THAT(text, HasSubstr("S/2 = 0.0121569"));
  EXPECT_LE(widest_line(text), 80U);
}

TEST(ExplainRange, SaysThatARangeWasWidened) {
  const std::string text = to_text(explain_range({250, 1000}, kInt8, std::vector<float>{250.0F}));
  EXPECT_THAT(text, HasSubstr("widened to [0, 1000]"));
  EXPECT_THAT(text, HasSubstr("250.98"));
  EXPECT_THAT(to_text(explain_range({-1, 1}, kInt8, {})), Not(HasSubstr("widened")));
}

TEST(ExplainRange, SymmetricSaysWhatHappensToTheEnd) {
  const Scheme full{.dtype = DType::i8, .symmetric = true};
  const Scheme narrow{.dtype = DType::i8, .symmetric = true, .narrow_range = true};
  EXPECT_THAT(to_text(explain_range({-3.0, 3.2}, full, {})), HasSubstr("+amax would land on 127.5 and clips to 127"));
  EXPECT_THAT(to_text(explain_range({-3.0, 3.2}, narrow, {})), HasSubstr("the code -128 is not used"));
}

TEST(ExplainRange, APowerOfTwoIsAStepOfItsOwn) {
  const std::string text = to_text(explain_range({-1, 3}, {.dtype = DType::i8, .power_of_two = true}, {}));
  EXPECT_THAT(text, HasSubstr("S = 4 / 255 = 0.0156862745      (1/S = 63.75)\n"
                              "       in float32 S = 0.0156862754\n"
                              "   S has to be a power of two: the next higher one,\n"
                              "       S = 2^-5 = 0.03125      (1/S = 32)\n"
                              "4  Put S back into the first line:\n"
                              "       Z = -128 - (-1) / 0.03125 = -96\n"));
  EXPECT_THAT(text, HasSubstr("shifts what codes can represent by 0 (at most S/2)"));
  EXPECT_THAT(to_text(explain_range({-1, 2.75}, {.dtype = DType::i4, .power_of_two = true}, {})),
              HasSubstr("S = 3.75 / 15 = 0.25      (1/S = 4)\n   S has to be a power of two, and is one: 2^-2.\n"));
}

TEST(ExplainRange, APowerOfTwoMayGiveTheEndACode) {
  const auto text = [](DType dtype, double end, bool narrow) {
    return to_text(explain_range(
        {-end, end}, {.dtype = dtype, .symmetric = true, .narrow_range = narrow, .power_of_two = true}, {}));
  };
  EXPECT_THAT(text(DType::i4, 1, false), HasSubstr("S = 2 amax / (7 - (-8)) = 2 / 15 = 0.133333333\n"
                                                   "       in float32 S = 0.13333334\n"
                                                   "   S has to be a power of two: the next higher one,\n"
                                                   "       S = 2^-2 = 0.25      (1/S = 4)\n"
                                                   "   Full range: +amax lands on 4 and does not clip.\n"));
  EXPECT_THAT(text(DType::i8, 1.5, false), HasSubstr("+amax lands on 96 and does not clip"));
  EXPECT_THAT(text(DType::u8, 1.5, false), HasSubstr("+amax lands on 224 and does not clip"));
  EXPECT_THAT(text(DType::i4, 7.25, false), HasSubstr("+amax lands on 7.25 and does not clip"));
  EXPECT_THAT(text(DType::i4, 7.5, false), HasSubstr("+amax would land on 7.5 and clips to 7, an error of S/2"));
  EXPECT_THAT(text(DType::i4, 1, true), HasSubstr("the code -8 is not used, so -x always has the mirror"));
}

/// The number at the start of `text`, without brackets around it.
double number_at(const std::string& text) { return std::strtod(text.c_str() + (text[0] == '(' ? 1 : 0), nullptr); }

/// Every equation of the form "A / B = C", "Z = A - B / C = D" and "S = 2^A = B" holds to the digits shown.
void expect_true_equations(const std::string& text, const std::string& setting) {
  constexpr double kDigitsShown = 2e-6;
  static const std::regex kZeroPoint(R"(Z = (\S+) - (\S+) / (\S+) = (\S+))");
  static const std::regex kQuotient(R"((\S+) / (\d+) = (\S+))");
  static const std::regex kPower(R"(S = 2\^(\S+) = (\S+))");
  int found = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && line != "values";) {
    std::smatch m;
    SCOPED_TRACE(setting + ": " + line);
    if (std::regex_search(line, m, kZeroPoint)) {
      const double z = number_at(m[1]) - number_at(m[2]) / number_at(m[3]);
      EXPECT_NEAR(z, number_at(m[4]), kDigitsShown * 256);
    } else if (std::regex_search(line, m, kQuotient)) {
      const double quotient = number_at(m[1]) / number_at(m[2]);
      EXPECT_NEAR(quotient / number_at(m[3]), 1, kDigitsShown);
    } else if (std::regex_search(line, m, kPower)) {
      EXPECT_NEAR(std::exp2(number_at(m[1])) / number_at(m[2]), 1, kDigitsShown);
    } else {
      continue;
    }
    ++found;
  }
  EXPECT_GE(found, 1) << setting << text;
}

TEST(ExplainRange, NoEquationIsFalse) {
  constexpr Range kRanges[] = {{-1, 3},       {-1, 1},         {0.5, 4.4250944}, {-3, 3.2},
                               {-7.25, 7.25}, {-1e-40, 3e-40}, {-4, 3.5}};
  for (const DType dtype : {DType::i4, DType::i8, DType::u8}) {
    for (const Range range : kRanges) {
      for (const bool power_of_two : {false, true}) {
        for (const bool symmetric : {false, true}) {
          const Scheme scheme{.dtype = dtype, .symmetric = symmetric, .power_of_two = power_of_two};
          const RangeExplanation e = explain_range(range, scheme, {});
          const std::string setting = std::string(name(dtype)) + " to " + std::to_string(range.max) +
                                      (symmetric ? " symmetric" : " affine") + (power_of_two ? " power of two" : "");
          expect_true_equations(to_text(e), setting);
          EXPECT_LE(widest_line(to_text(e)), 80U) << setting;
          const auto j = nlohmann::json::parse(to_json(e));
          const double zero_point = j["exact_zero_point"];
          if (!symmetric) EXPECT_LE(std::abs(zero_point - j["zero_point"].get<double>()), 0.5001) << setting;
          EXPECT_EQ(j["power_of_two"], power_of_two);
        }
      }
    }
  }
}

TEST(ExplainRange, PictureNamesThePowerOfTwo) {
  EXPECT_THAT(to_svg(explain_range({-1, 3}, {.dtype = DType::i8, .power_of_two = true}, {})),
              HasSubstr("int8 on [-1, 3]: S = 2^-5 = 0.03125, Z = -96<"));
  EXPECT_THAT(to_svg(explain_range({-1, 3}, kInt8, {})), HasSubstr("int8 on [-1, 3]: S = 0.0156863, Z = -64<"));
}

TEST(ExplainRange, ConstantZeroNeedsNoDerivation) {
  EXPECT_THAT(to_text(explain_range({0, 0}, kInt8, {})), HasSubstr("constant 0: any scale is right, S = 1"));
}

TEST(ExplainRange, JsonHoldsTheSameNumbers) {
  const auto j = nlohmann::json::parse(to_json(explain_range({-3.0, 3.2}, kInt8, std::vector<float>{0.1F})));
  EXPECT_EQ(j["zero_point"], -5);
  EXPECT_EQ(j["values"][0]["q"], -1);
  EXPECT_EQ(j["conventions"].size(), 6U);
}

TEST(ExplainRange, PicturesEveryCodeOfASmallType) {
  const std::string svg = to_svg(explain_range({-3.5, 10.2}, {.dtype = DType::i4}, {}));
  EXPECT_TRUE(svg.starts_with("<svg"));
  for (int q = -8; q <= 7; q += 2) EXPECT_THAT(svg, HasSubstr(">" + std::to_string(q) + "</text>"));
}

TEST(ExplainRange, FloatCodesHaveUnevenStepsAndNoZeroPoint) {
  const Scheme e2m1{.dtype = DType::f4e2m1};
  const RangeExplanation e = explain_range({-3.0, 3.0}, e2m1, std::vector<float>{0.9F, 2.6F, 5.0F});
  EXPECT_EQ(e.derivation.qparams, (QParams{0.5F, 0}));  // 3 / 6
  EXPECT_EQ(e.values[0].x_back, 1.0F);                  // 1.8 steps: codes stand for 0 .5 1 1.5 2 3 4 6
  EXPECT_EQ(e.values[1].x_back, 3.0F);                  // 5.2 steps
  EXPECT_EQ(e.values[1].q, 7);
  EXPECT_TRUE(e.values[2].is_clipped);
  const std::string text = to_text(e);
  EXPECT_THAT(text, HasSubstr("2 bits of exponent, 1 of mantissa, 15\n   numbers from -6 to 6."));
  EXPECT_THAT(text, HasSubstr("S = amax / 6 = 3 / 6 = 0.5\n"));
  EXPECT_THAT(text, HasSubstr("at most |x| / 4 from |x| = 0.5 on, at most 0.125 below"));
  EXPECT_THAT(text, Not(HasSubstr("conventions")));
  EXPECT_LE(widest_line(text), 80U);
  for (const char* code : {">-6<", ">-1.5<", ">0.5<", ">3<"}) EXPECT_THAT(to_svg(e), HasSubstr(code));
  EXPECT_EQ(nlohmann::json::parse(to_json(e))["qmax"], 6);
}

TEST(ExplainRange, FloatErrorBoundHolds) {
  for (const DType dtype : {DType::f8e4m3fn, DType::f8e5m2, DType::f4e2m1}) {
    const RangeExplanation whole = explain_range({-3.0, 3.2}, {.dtype = dtype}, {});
    const std::string text = to_text(whole);
    EXPECT_LE(widest_line(text), 80U);
    double divisor = 0;
    double from = 0;
    double below = 0;
    const std::size_t at = text.find("Error: at most |x|");
    ASSERT_EQ(std::sscanf(text.c_str() + at, "Error: at most |x| / %lf from |x| = %lf on, at most %lf below", &divisor,
                          &from, &below),
              3);
    std::vector<float> values;
    for (int i = 0; i < 4000; ++i) values.push_back(3.2F * std::exp(-static_cast<float>(i) / 150));
    for (const ExplainedValue& v : explain_range({-3.0, 3.2}, {.dtype = dtype}, values).values) {
      const double x = static_cast<double>(v.x);
      const double bound = x >= from ? x / divisor : below;
      EXPECT_LE(std::abs(x - static_cast<double>(v.x_back)), bound * 1.001) << name(dtype) << " " << x;
    }
  }
}

TEST(ExplainRange, AnswersAtOnceForFourBillionCodes) {
  const std::string text = to_text(explain_range({-3.0, 3.2}, {.dtype = DType::i32}, {}));
  EXPECT_THAT(text, HasSubstr("S = 6.2 / 4294967295 = "));
  EXPECT_LE(widest_line(text), 80U);
}

TEST(ExplainMistakes, EveryWrongFormulaIsExposed) {
  const std::vector<Mistake> gallery = mistakes();
  EXPECT_EQ(gallery.size(), 6U);
  for (const Mistake& m : gallery) {
    bool is_exposed = false;
    for (const MistakeRow& r : m.rows) is_exposed |= std::abs(r.wrong_x - r.x) > std::abs(r.right_x - r.x) + 1e-3;
    EXPECT_TRUE(is_exposed) << m.title;
  }
  EXPECT_LE(widest_line(to_text(gallery)), 80U);
  EXPECT_EQ(nlohmann::json::parse(to_json(gallery)).size(), 6U);
}

TEST(ExplainMistakes, AClampedZeroPointLosesAQuarterOfTheRange) {
  const Mistake m = mistakes()[3];
  EXPECT_EQ(m.rows.back().x, 1000);
  EXPECT_NEAR(m.rows.back().right_x, 1000, 1e-3);
  EXPECT_NEAR(m.rows.back().wrong_x, 750, 1e-9);
}

TEST(ExplainPadding, CodeZeroAddsMinusScaleTimesZeroPoint) {
  const PaddingExample e = padding_example();
  EXPECT_NEAR(e.with_zero_point, e.exact, e.scale * 1.5);  // three codes, each within S/2
  EXPECT_NEAR(e.with_code_zero - e.with_zero_point, -e.scale * e.zero_point, 1e-12);
  EXPECT_LE(widest_line(to_text(e)), 80U);
}

ArithmeticQuestion question(BinaryOperation operation) {
  return {operation, DType::u8, {QParams{.0066F, 113}, QParams{.00705F, 114}, QParams{.0107F, 118}}, {208, 152}};
}

TEST(ExplainArithmetic, MatmulIsOnnxsExample) {
  const ArithmeticExplanation e = explain_arithmetic(question(BinaryOperation::matmul));
  EXPECT_THAT(e.matmul.accumulators, ElementsAre(ElementsAre(11475, -778, 31402), ElementsAre(-26914, -11872, 7513)));
  EXPECT_THAT(e.matmul.y, ElementsAre(ElementsAre(168, 115, 255), ElementsAre(1, 66, 151)));
  EXPECT_EQ(e.fixed, (FixedPointMultiplier{1195333518, -7}));
  EXPECT_LE(widest_line(to_text(e)), 80U);
}

TEST(ExplainArithmetic, MatmulSaysWhatClips) {
  EXPECT_THAT(to_text(explain_arithmetic(question(BinaryOperation::matmul))), Not(HasSubstr("clipped")));
  const ArithmeticExplanation e =
      explain_arithmetic({BinaryOperation::matmul, DType::u8, {QParams{.1F}, QParams{.2F}, QParams{100.0F}}, {}});
  EXPECT_THAT(e.matmul.y, ElementsAre(ElementsAre(15, 15, 34), ElementsAre(3, 9, 25)));
  EXPECT_EQ(e.matmul.clipped, 0);
  const ArithmeticExplanation small =
      explain_arithmetic({BinaryOperation::matmul, DType::u8, {QParams{.1F}, QParams{.2F}, QParams{.3F}}, {}});
  EXPECT_THAT(to_text(small), HasSubstr("   Z_y + M accumulator      5066.8   5146.4  11314.5\n"));
  EXPECT_THAT(to_text(small), HasSubstr("6 of 6 results lie beyond the codes and are clipped"));
  EXPECT_LE(widest_line(to_text(small)), 80U);
  EXPECT_EQ(nlohmann::json::parse(to_json(small))["example"]["clipped"], 6);
}

TEST(ExplainArithmetic, ResultIsWithinHalfAStepOfTheExactOne) {
  for (const BinaryOperation operation : {BinaryOperation::multiply, BinaryOperation::add}) {
    const ArithmeticExplanation e = explain_arithmetic(question(operation));
    const double y = 0.0107 * (e.results[0] - 118);
    EXPECT_LE(std::abs(y - e.reals[2]), 0.0107 / 2);
    EXPECT_LE(widest_line(to_text(e)), 80U);
    EXPECT_EQ(nlohmann::json::parse(to_json(e))["example"]["q_y"], e.results[0]);
  }
}

TEST(ExplainArithmetic, RefusesWhatTheTypeCannotHold) {
  ArithmeticQuestion q = question(BinaryOperation::multiply);
  q.qparams[1].zero_point = 256;
  try {
    explain_arithmetic(q);
    FAIL() << "256 is no code of uint8";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "--zero-points: Z_b = 256 is no code of uint8 [0, 255]");
  }
  q = question(BinaryOperation::add);
  q.qparams[2].scale = 0;
  EXPECT_THROW(explain_arithmetic(q), Error);
}

TEST(ExplainTensor, ErrorsAreThoseOfTheElements) {
  const Tensor x = Tensor::of<float>({2, 2}, {0.0F, 1.0F, 2.0F, 10.0F});
  const TensorExplanation e = explain_tensor("x", x, {.scheme = {.dtype = DType::u2}, .compare = true});
  EXPECT_EQ(e.zeros, 1);
  EXPECT_EQ(e.max, 10);
  const SchemeRow& affine = e.schemes.front();  // S = 10/3, Z = 0: codes 0 0 1 3 give 0, 0, 3.33, 10
  EXPECT_EQ(affine.label, "affine");
  EXPECT_EQ(affine.clipping_error, 0);
  EXPECT_NEAR(affine.rounding_error, (1.0 + 16.0 / 9.0) / 4, 1e-6);
  EXPECT_NEAR(affine.sqnr_db, 10 * std::log10(105 / (1.0 + 16.0 / 9.0)), 1e-5);
  EXPECT_NEAR(affine.bits, 2 + (32 + 2) / 4.0, 1e-12);
  EXPECT_LE(widest_line(to_text(e)), 80U);
}

TEST(ExplainTensor, WhatLiesBeyondTheGridCountsAsClipped) {
  Tensor x = Tensor::allocate(DType::f32, {300});
  for (int i = 0; i < 300; ++i) x.mutable_data<float>()[i] = std::pow(std::sin(static_cast<float>(i)), 5.0F);
  const TensorExplanation e = explain_tensor("x", x, {.scheme = {.dtype = DType::i4}, .compare = true});
  double most_clipped = 0;
  for (const SchemeRow& row : e.schemes) {
    if (row.grids > 1) continue;
    const double scale = static_cast<double>(row.qparams.scale);
    const CodeRange codes = code_range(row.scheme);
    const double low = scale * (codes.min - row.qparams.zero_point);
    const double high = scale * (codes.max - row.qparams.zero_point);
    double clipping = 0;
    for (const float v : x.values<float>()) {
      const double beyond = std::max({low - static_cast<double>(v), static_cast<double>(v) - high, 0.0});
      if (beyond > scale / 2 * 1.0001) clipping += beyond * beyond / 300;
    }
    EXPECT_NEAR(row.clipping_error, clipping, 1e-7) << row.label;
    most_clipped = std::max(most_clipped, clipping);
  }
  EXPECT_GT(most_clipped, 1e-5);  // some observer clips here, or the test shows nothing
}

TEST(ExplainTensor, ComparesWhatMakesSenseForEveryTypeOfCodes) {
  Tensor x = Tensor::allocate(DType::f32, {4, 64});
  for (int i = 0; i < 256; ++i) x.mutable_data<float>()[i] = std::sin(static_cast<float>(i));
  for (const DType dtype : {DType::i2, DType::u4, DType::i8, DType::u16, DType::i32, DType::f8e5m2, DType::f4e2m1}) {
    const TensorExplanation e = explain_tensor("x", x, {.scheme = {.dtype = dtype}, .compare = true});
    EXPECT_LE(widest_line(to_text(e)), 80U) << name(dtype);
    for (const SchemeRow& row : e.schemes) EXPECT_GT(row.sqnr_db, 0) << name(dtype) << " " << row.label;
  }
  // Float codes of the tensor's own range clip nothing, however wide their last step is.
  EXPECT_EQ(explain_tensor("x", x, {.scheme = {.dtype = DType::f4e2m1}, .compare = true}).schemes[0].clipping_error, 0);
}

TEST(ExplainTensor, EveryRowOfTheComparisonHasTheScaleAskedFor) {
  const Tensor x = Tensor::of<float>({2, 2}, {-1.0F, 1.0F, 2.0F, 3.0F});
  const Scheme scheme{.dtype = DType::i8, .power_of_two = true};
  const TensorExplanation e = explain_tensor("x", x, {.scheme = scheme, .compare = true});
  EXPECT_GT(e.schemes.size(), 8U);
  for (const SchemeRow& row : e.schemes) {
    int exponent = 0;
    EXPECT_EQ(std::frexp(row.qparams.scale, &exponent), 0.5F) << row.label << " " << row.qparams.scale;
  }
  EXPECT_THAT(to_text(e), HasSubstr("schemes with scales that are powers of two, measured on the elements"));
  EXPECT_LE(widest_line(to_text(e)), 80U);
}

TEST(ExplainTensor, RefusesWhatHasNoRange) {
  EXPECT_THROW(explain_tensor("empty", Tensor::of<float>({0}, {}), {}), Error);
  EXPECT_THROW(explain_tensor("nan", Tensor::of<float>({1}, {NAN}), {}), Error);
  EXPECT_THROW(explain_tensor("ints", Tensor::of<std::int64_t>({1}, {1}), {}), Error);
}

}  // namespace
}  // namespace zeropoint
