// Random quantized tensors for the tests of integer arithmetic.
#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "zeropoint/integer.h"

namespace zeropoint::testing {

class RandomTensors {
 public:
  explicit RandomTensors(std::uint32_t seed) : random_(seed) {}

  int integer(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[integer(0, static_cast<int>(values.size()) - 1)];
  }
  float scale() { return std::ldexp(1.0F + static_cast<float>(integer(0, 1 << 20)) * 0x1p-20F, integer(-9, 0)); }

  /// Every code equally likely, the ends more so; a random grid.
  QuantizedTensor tensor(DType dtype, Shape shape) { return {codes(dtype, std::move(shape)), grid(dtype)}; }

  /// One random grid per slice along `axis`.
  QuantizedTensor per_axis_tensor(DType dtype, Shape shape, int axis) {
    QuantizedTensor t = tensor(dtype, shape);
    const std::int64_t slices = shape[static_cast<std::size_t>(axis)];
    std::vector<float> scales;
    std::vector<std::int32_t> zero_points;
    for (std::int64_t i = 0; i < slices; ++i) {
      scales.push_back(scale());
      zero_points.push_back(code(dtype));
    }
    t.qparams = {.scheme = {.dtype = dtype, .granularity = Granularity::per_axis, .axis = axis},
                 .scales = Tensor::copy_of<float>({slices}, scales),
                 .zero_points = tensor_of_codes(dtype, {slices}, zero_points)};
    return t;
  }

  TensorQParams grid(DType dtype) { return tensor_qparams({.dtype = dtype}, {scale(), code(dtype)}); }

  Tensor bias(std::int64_t n) {
    std::vector<std::int32_t> values;
    for (std::int64_t i = 0; i < n; ++i) values.push_back(integer(-100000, 100000));
    return Tensor::copy_of<std::int32_t>({n}, values);
  }

 private:
  std::int32_t code(DType dtype) {
    const auto least = static_cast<int>(min_code(dtype));
    const auto most = static_cast<int>(max_code(dtype));
    return one_of({integer(least, most), integer(least, most), integer(least, most), least, most});
  }
  Tensor codes(DType dtype, Shape shape) {
    std::vector<std::int32_t> values(static_cast<std::size_t>(element_count(shape)));
    for (std::int32_t& value : values) value = code(dtype);
    return tensor_of_codes(dtype, std::move(shape), values);
  }

  std::mt19937 random_;
};

/// The real values, in double: scale * (q - zero_point), one grid.
inline std::vector<double> reals(const QuantizedTensor& t) {
  const double scale = t.qparams.scales.data<float>()[0];
  const double zero_point = t.qparams.zero_points ? codes_of(t.qparams.zero_points)[0] : 0;
  std::vector<double> values;
  for (const std::int32_t q : codes_of(t.codes)) values.push_back(scale * (q - zero_point));
  return values;
}

/// The nearest code of the output's grid, in real arithmetic.
inline double exact_code(double value, const TensorQParams& output) {
  const double scale = output.scales.data<float>()[0];
  const double zero_point = output.zero_points ? codes_of(output.zero_points)[0] : 0;
  const CodeRange codes = code_range(output.scheme);
  return std::clamp(value / scale + zero_point, static_cast<double>(codes.min), static_cast<double>(codes.max));
}

constexpr Arithmetic kArithmetics[] = {Arithmetic::onnx, Arithmetic::ort_x86, Arithmetic::fixed_point};

}  // namespace zeropoint::testing
