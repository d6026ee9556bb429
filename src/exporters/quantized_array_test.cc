#include "exporters/quantized_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "data/npz.h"
#include "data/npz_writer.h"
#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::HasSubstr;

QuantizedArray quantized(const Tensor& x, const Scheme& scheme) {
  QuantizedArray array{.codes = {}, .qparams = choose_tensor_qparams(x, scheme)};
  array.codes = quantize(x, array.qparams);
  return array;
}

Tensor waves(Shape shape) {
  Tensor x = Tensor::allocate(DType::f32, std::move(shape));
  for (std::int64_t i = 0; i < x.size(); ++i) {
    x.mutable_data<float>()[i] = std::sin(static_cast<float>(i)) * static_cast<float>(1 + i % 7);
  }
  return x;
}

class QuantizedArrayTest : public ::testing::Test {
 protected:
  testing::TempFolder folder_;
};

TEST_F(QuantizedArrayTest, EverySchemeComesBackAsItWas) {
  const Tensor x = waves({3, 37});
  for (const DType dtype : {DType::i8, DType::u8, DType::i16, DType::u16, DType::i4, DType::u4, DType::i2, DType::u2}) {
    for (const Granularity granularity : {Granularity::per_tensor, Granularity::per_axis, Granularity::blocked}) {
      const Scheme scheme{.dtype = dtype, .granularity = granularity, .axis = 1, .block_size = 16};
      const QuantizedArray written = quantized(x, scheme);
      const auto path = folder_.path() / "q.npz";
      save_quantized_array(written, path);
      const QuantizedArray read = load_quantized_array(path);
      EXPECT_EQ(read.qparams.scheme, scheme);
      EXPECT_EQ(read.codes.shape(), x.shape());
      EXPECT_EQ(codes_of(read.codes), codes_of(written.codes)) << name(dtype);
      const Tensor a = dequantize(read.codes, read.qparams);
      const Tensor b = dequantize(written.codes, written.qparams);
      EXPECT_TRUE(std::equal(a.values<float>().begin(), a.values<float>().end(), b.values<float>().begin()));
    }
  }
}

TEST_F(QuantizedArrayTest, SmallTypesArePackedAndTheirZeroPointsAreNot) {
  const auto path = folder_.path() / "q.npz";
  save_quantized_array(quantized(waves({3, 37}), {.dtype = DType::i4, .granularity = Granularity::per_axis}), path);
  const NpzFile file(path);
  EXPECT_EQ(file.open("codes").shape(), Shape{56});  // 111 codes, two to a byte
  EXPECT_EQ(file.open("zero_point").dtype(), DType::i8);
  EXPECT_EQ(file.open("zero_point").shape(), Shape{3});
}

TEST_F(QuantizedArrayTest, RefusesWhatDoesNotFitTogether) {
  const auto path = folder_.path() / "q.npz";
  const auto message = [&] {
    try {
      load_quantized_array(path);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  save_npz(std::vector<NamedTensor>{{"x", waves({2})}}, path);
  EXPECT_THAT(message(), HasSubstr("has no array 'codes'; is it a quantized array?"));

  save_quantized_array(quantized(waves({3, 4}), {.dtype = DType::i8}), path);
  const NpzFile file(path);
  std::vector<NamedTensor> arrays;
  for (const std::string& array : file.names()) arrays.push_back({array, file.open(array).all()});
  ASSERT_EQ(arrays[0].name, "codes");
  arrays[0].tensor = Tensor::of<std::int8_t>({2}, {1, 2});
  save_npz(arrays, path);
  EXPECT_THAT(message(), HasSubstr("array 'codes' is int8 [2], not 12 elements of int8"));
}

}  // namespace
}  // namespace zeropoint
