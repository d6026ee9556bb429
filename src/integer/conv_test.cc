#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/parallel.h"
#include "integer/test_data.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kArithmetics;
using testing::RandomTensors;

std::vector<std::int32_t> accumulators(const Tensor& t) {
  return {t.values<std::int32_t>().begin(), t.values<std::int32_t>().end()};
}

TEST(IntegerConv, PadsWithTheZeroPoint) {
  // Real zeros everywhere: whatever the window covers of the padding, the sum stays 0.
  const QuantizedTensor x{tensor_of_codes(DType::u8, {1, 1, 2, 2}, std::vector<std::int32_t>{113, 113, 113, 113}),
                          tensor_qparams({.dtype = DType::u8}, {0.1F, 113})};
  const QuantizedTensor w{tensor_of_codes(DType::i8, {1, 1, 3, 3}, std::vector<std::int32_t>(9, 100)),
                          tensor_qparams({.dtype = DType::i8}, {0.1F, 0})};
  EXPECT_THAT(accumulators(integer::conv_accumulators(x, w, {.pads = {1, 1, 1, 1}})), Each(0));
}

TEST(IntegerConv, SlidesTheKernel) {
  const QuantizedTensor x{tensor_of_codes(DType::u8, {1, 1, 5}, std::vector<std::int32_t>{11, 12, 13, 14, 15}),
                          tensor_qparams({.dtype = DType::u8}, {1, 10})};
  const QuantizedTensor w{tensor_of_codes(DType::i8, {1, 1, 2}, std::vector<std::int32_t>{1, 10}),
                          tensor_qparams({.dtype = DType::i8}, {1, 0})};
  EXPECT_THAT(accumulators(integer::conv_accumulators(x, w)), ElementsAre(21, 32, 43, 54));
  EXPECT_THAT(accumulators(integer::conv_accumulators(x, w, {.strides = {2}})), ElementsAre(21, 43));
  EXPECT_THAT(accumulators(integer::conv_accumulators(x, w, {.dilations = {3}})), ElementsAre(41, 52));
  EXPECT_THAT(accumulators(integer::conv_accumulators(x, w, {.pads = {1, 0}})), ElementsAre(10, 21, 32, 43, 54));
}

TEST(IntegerConv, ABiasAtTheEdgeSaturatesWhereAsked) {
  const QuantizedTensor x{Tensor::of<std::uint8_t>({1, 1, 1}, {1}), tensor_qparams({.dtype = DType::u8}, {1, 2})};
  const QuantizedTensor w{Tensor::of<std::int8_t>({1, 1, 1}, {5}), tensor_qparams({.dtype = DType::i8}, {1, 0})};
  const Tensor bias = Tensor::of<std::int32_t>({1}, {std::numeric_limits<std::int32_t>::min()});
  const TensorQParams y = tensor_qparams({.dtype = DType::i8}, {0x1p25F, 0});  // M = 2^-25: the end of int32 means -64
  EXPECT_THROW(integer::conv(x, w, bias, {}, y), Error);
  const QuantizedTensor result = integer::conv(x, w, bias, {}, y, Arithmetic::onnx, integer::BiasOverflow::saturate);
  EXPECT_EQ(codes_of(result.codes), std::vector<std::int32_t>{-64});
}

TEST(IntegerConv, RefusesWhatDoesNotFit) {
  RandomTensors random(1);
  const QuantizedTensor x = random.tensor(DType::u8, {1, 4, 3, 3});
  const auto error_of = [&](const QuantizedTensor& w, const WindowOptions& options) -> std::string {
    try {
      integer::conv_accumulators(x, w, options);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of(random.tensor(DType::i8, {2, 3, 1, 1}), {}), HasSubstr("do not fit 1 groups"));
  EXPECT_THAT(error_of(random.tensor(DType::i8, {3, 2, 1, 1}), {.groups = 2}), HasSubstr("do not fit 2 groups"));
  EXPECT_THAT(error_of(random.tensor(DType::i8, {2, 4, 5, 1}), {}), HasSubstr("kernel of 5 does not fit"));
  EXPECT_THAT(error_of(random.tensor(DType::i8, {2, 4, 1, 1}), {.strides = {1}}), HasSubstr("1 values of strides"));
  EXPECT_THAT(error_of(random.tensor(DType::i8, {2, 4, 1, 1}), {.strides = {0, 1}}), HasSubstr("strides cannot be 0"));
  EXPECT_THAT(error_of(random.tensor(DType::i8, {2, 4, 1}), {}), HasSubstr("does not fit a tensor of shape"));
  EXPECT_THAT(error_of(random.per_axis_tensor(DType::i8, {2, 4, 1, 1}, 1), {}), HasSubstr("along axis 0"));
}

RC_GTEST_PROP(IntegerConv, EqualsItsReferenceBitForBit, (std::uint32_t seed)) {
  RandomTensors random(seed);
  const auto type = [&] { return random.one_of({DType::u8, DType::i8, DType::u4, DType::i4}); };
  const int rank = random.integer(1, 3);
  const std::int64_t groups = random.integer(1, 3);
  const std::int64_t group_channels = random.integer(1, 3);
  const std::int64_t outputs = groups * random.integer(1, 3);
  Shape x_shape = {random.integer(1, 2), groups * group_channels};
  Shape w_shape = {outputs, group_channels};
  WindowOptions window{.groups = groups};
  std::vector<std::int64_t> ends;
  for (int d = 0; d < rank; ++d) {
    x_shape.push_back(random.integer(5, rank == 3 ? 5 : 9));
    w_shape.push_back(random.integer(1, 3));
    window.strides.push_back(random.integer(1, 3));
    window.dilations.push_back(random.integer(1, 2));
    window.pads.push_back(random.integer(0, 4));
    ends.push_back(random.integer(0, 4));
  }
  window.pads.insert(window.pads.end(), ends.begin(), ends.end());
  const QuantizedTensor x = random.tensor(type(), x_shape);
  const QuantizedTensor w =
      random.integer(0, 1) == 1 ? random.per_axis_tensor(type(), w_shape, 0) : random.tensor(type(), w_shape);
  RC_ASSERT(accumulators(integer::conv_accumulators(x, w, window)) ==
            accumulators(integer::reference::conv_accumulators(x, w, window)));
  const Tensor bias = random.integer(0, 1) == 1 ? random.bias(outputs) : Tensor();
  const TensorQParams y = random.grid(random.one_of({DType::u8, DType::i8, DType::u16, DType::i4}));
  for (const Arithmetic arithmetic : kArithmetics) {
    RC_ASSERT(codes_of(integer::conv(x, w, bias, window, y, arithmetic).codes) ==
              codes_of(integer::reference::conv(x, w, bias, window, y, arithmetic).codes));
  }
}

struct ConvCase {
  std::string_view what;
  Shape x, w;
  WindowOptions window;
};

// Larger than one piece of work, or at its edge: 64 channels, 512 columns, strips of 32, pairs of channels.
const ConvCase kPieces[] = {
    {"wide image", {1, 3, 70, 61}, {5, 3, 3, 3}, {.pads = {1, 1, 1, 1}}},
    {"rows longer than a piece", {1, 2, 3, 700}, {3, 2, 3, 3}, {.pads = {1, 1, 1, 1}}},
    {"a row of one piece", {1, 4, 512}, {1, 4, 1}, {}},
    {"a row of one piece and one", {1, 4, 513}, {1, 4, 1}, {}},
    {"channels of one block", {1, 7, 4, 4}, {64, 7, 1, 1}, {}},
    {"channels of one block and one", {1, 8, 4, 4}, {65, 8, 3, 3}, {.pads = {0, 1, 2, 3}}},
    {"two blocks in each of two groups", {2, 10, 5, 5}, {132, 5, 2, 2}, {.groups = 2}},
    {"depthwise", {2, 70, 9, 9}, {70, 1, 3, 3}, {.strides = {2, 2}, .pads = {1, 1, 1, 1}, .groups = 70}},
    {"depthwise, two outputs per input", {1, 33, 7, 6}, {66, 1, 3, 3}, {.pads = {1, 1, 1, 1}, .groups = 33}},
    {"pointwise with strides", {1, 6, 15, 14}, {7, 6, 1, 1}, {.strides = {2, 3}}},
    {"stride beyond the kernel", {1, 2, 20, 20}, {3, 2, 2, 3}, {.strides = {5, 4}}},
    {"taps far apart", {1, 2, 3, 41}, {3, 2, 2, 3}, {.dilations = {2, 19}, .pads = {0, 0, 0, 0}}},
    {"taps in the padding only", {1, 1, 2, 2}, {1, 1, 2, 2}, {.dilations = {100, 100}, .pads = {50, 50, 50, 50}}},
    {"three dimensions", {1, 3, 6, 7, 8}, {4, 3, 3, 2, 3}, {.strides = {2, 1, 3}, .pads = {1, 0, 2, 0, 1, 1}}},
    {"one column", {1, 5, 9, 1}, {3, 5, 3, 1}, {.pads = {1, 0, 1, 0}}},
    {"no samples", {0, 3, 5, 5}, {4, 3, 3, 3}, {}},
    {"no outputs", {1, 3, 5, 5}, {0, 3, 3, 3}, {}},
    {"no inputs", {1, 0, 5, 5}, {2, 0, 3, 3}, {}},
};

TEST(IntegerConv, PiecesOfAnySizeJoinForAnyThreadCount) {
  RandomTensors random(2);
  for (const ConvCase& c : kPieces) {
    for (const DType type : {DType::u8, DType::i8}) {
      SCOPED_TRACE(c.what);
      const QuantizedTensor x = random.tensor(type, c.x);
      const QuantizedTensor w = random.per_axis_tensor(DType::i8, c.w, 0);
      const Tensor bias = random.bias(c.w[0]);
      const TensorQParams y = random.grid(type);
      const auto want = accumulators(integer::reference::conv_accumulators(x, w, c.window));
      const auto want_codes = codes_of(integer::reference::conv(x, w, bias, c.window, y).codes);
      for (const int threads : {1, 2, 3}) {
        set_num_threads(threads);
        EXPECT_EQ(accumulators(integer::conv_accumulators(x, w, c.window)), want) << threads << " threads";
        EXPECT_EQ(codes_of(integer::conv(x, w, bias, c.window, y).codes), want_codes) << threads << " threads";
      }
      set_num_threads(0);
    }
  }
}

TEST(IntegerConv, CodesAtTheEndsAreExact) {
  // Differences of +-255 on both sides, over all of K: the largest products there are.
  for (const std::int32_t zero_point : {0, 255}) {
    const std::int32_t code = 255 - zero_point;
    const QuantizedTensor x{tensor_of_codes(DType::u8, {1, 5, 4, 9}, std::vector<std::int32_t>(180, code)),
                            tensor_qparams({.dtype = DType::u8}, {1, zero_point})};
    const QuantizedTensor w{tensor_of_codes(DType::u8, {2, 5, 3, 3}, std::vector<std::int32_t>(90, 255)),
                            tensor_qparams({.dtype = DType::u8}, {1, 0})};
    const std::int32_t product = (code - zero_point) * 255;
    EXPECT_THAT(accumulators(integer::conv_accumulators(x, w)), Each(45 * product));
  }
}

TEST(IntegerAveragePool, CountsPaddingOnlyWhenAsked) {
  const QuantizedTensor x{tensor_of_codes(DType::u8, {1, 1, 2}, std::vector<std::int32_t>{14, 18}),
                          tensor_qparams({.dtype = DType::u8}, {1, 10})};  // 4, 8
  const std::vector<std::int64_t> kernel = {2};
  for (const Arithmetic arithmetic : kArithmetics) {
    EXPECT_THAT(codes_of(integer::average_pool(x, kernel, {.pads = {1, 1}}, x.qparams, arithmetic).codes),
                ElementsAre(14, 16, 18));
    EXPECT_THAT(
        codes_of(
            integer::average_pool(x, kernel, {.pads = {1, 1}, .count_include_pad = true}, x.qparams, arithmetic).codes),
        ElementsAre(12, 16, 14));
  }
}

TEST(IntegerAveragePool, AWindowInThePaddingIsZero) {
  const QuantizedTensor x{tensor_of_codes(DType::u8, {1, 1, 1}, std::vector<std::int32_t>{14}),
                          tensor_qparams({.dtype = DType::u8}, {1, 10})};
  const std::vector<std::int64_t> kernel = {1};
  EXPECT_THAT(codes_of(integer::average_pool(x, kernel, {.pads = {1, 0}}, x.qparams).codes), ElementsAre(10, 14));
}

TEST(IntegerGlobalAveragePool, IsTheMeanOfThePlane) {
  const QuantizedTensor x{
      tensor_of_codes(DType::i8, {1, 2, 2, 2}, std::vector<std::int32_t>{1, 2, 3, 6, -1, -2, -3, -6}),
      tensor_qparams({.dtype = DType::i8}, {0.5F, 0})};
  const QuantizedTensor y = integer::global_average_pool(x, tensor_qparams({.dtype = DType::i8}, {0.25F, 1}));
  EXPECT_EQ(y.codes.shape(), (Shape{1, 2, 1, 1}));
  EXPECT_THAT(codes_of(y.codes), ElementsAre(7, -5));
}

RC_GTEST_PROP(IntegerAveragePool, EqualsItsReferenceAndIsNearTheRealMean, (std::uint32_t seed)) {
  RandomTensors random(seed);
  const auto type = [&] { return random.one_of({DType::u8, DType::i8, DType::u4, DType::u16}); };
  const int rank = random.integer(1, 3);
  Shape shape = {random.integer(1, 2), random.integer(1, 3)};
  std::vector<std::int64_t> kernel;
  WindowOptions window{.count_include_pad = random.integer(0, 1) == 1};
  for (int d = 0; d < rank; ++d) {
    shape.push_back(random.integer(3, rank == 3 ? 3 : 6));
    kernel.push_back(random.integer(1, 2));
    window.strides.push_back(random.integer(1, 2));
    window.dilations.push_back(random.integer(1, 2));
  }
  for (int d = 0; d < 2 * rank; ++d) window.pads.push_back(random.integer(0, 2));
  const QuantizedTensor x = random.tensor(type(), shape);
  const TensorQParams y = random.grid(type());
  for (const Arithmetic arithmetic : kArithmetics) {
    RC_ASSERT(codes_of(integer::average_pool(x, kernel, window, y, arithmetic).codes) ==
              codes_of(integer::reference::average_pool(x, kernel, window, y, arithmetic).codes));
  }
  const std::vector<double> values = testing::reals(x);
  const std::int64_t plane = static_cast<std::int64_t>(values.size()) / (shape[0] * shape[1]);
  const std::vector<std::int32_t> means = codes_of(integer::global_average_pool(x, y).codes);
  for (std::size_t i = 0; i < means.size(); ++i) {
    double sum = 0;
    for (std::int64_t k = 0; k < plane; ++k)
      sum += values[i * static_cast<std::size_t>(plane) + static_cast<std::size_t>(k)];
    RC_ASSERT(std::fabs(means[i] - testing::exact_code(sum / static_cast<double>(plane), y)) <= 0.52);
  }
}

}  // namespace
}  // namespace zeropoint
