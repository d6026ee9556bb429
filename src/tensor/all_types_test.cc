// Every code type, granularity and real type against the definition, element by element.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/float8.h"
#include "base/parallel.h"
#include "quant/codes.h"
#include "quant/scheme.h"
#include "tensor/chunk.h"
#include "tensor/reals.h"
#include "zeropoint/error.h"
#include "zeropoint/quant.h"

namespace zeropoint {
namespace {

constexpr DType kIntegerCodes[] = {DType::i2, DType::u2,  DType::i4,  DType::u4, DType::i8,
                                   DType::u8, DType::i16, DType::u16, DType::i32};
constexpr DType kFloatCodes[] = {DType::f8e4m3fn, DType::f8e4m3fnuz, DType::f8e5m2, DType::f8e5m2fnuz, DType::f4e2m1};
constexpr DType kReals[] = {DType::f32, DType::f16, DType::bf16, DType::f64};

Tensor random_reals(DType dtype, const Shape& shape) {
  Tensor f32 = Tensor::allocate(DType::f32, shape);
  std::mt19937 random(17);
  std::normal_distribution<float> normal(0.3F, 2.0F);
  for (float& v : f32.mutable_values<float>()) v = normal(random);
  Tensor x = Tensor::allocate(dtype, shape);
  store_f32(x, 0, f32.data<float>(), f32.size());
  return x;
}

std::vector<Scheme> schemes(DType dtype, const Shape& shape) {
  std::vector<Scheme> all = {{.dtype = dtype}, {.dtype = dtype, .symmetric = true, .narrow_range = true}};
  for (int axis = 0; axis < static_cast<int>(shape.size()); ++axis) {
    all.push_back({.dtype = dtype, .granularity = Granularity::per_axis, .axis = axis});
    for (const std::int64_t block : {4, 5, 32}) {
      all.push_back({.dtype = dtype, .granularity = Granularity::blocked, .axis = axis, .block_size = block});
    }
  }
  return all;
}

std::int64_t grid_of(const Patch& patch, std::int64_t i) {
  return patch.grid + (patch.kind == Patch::Kind::runs ? i / patch.size : i % patch.size);
}

/// What the header promises for one element: the code, and the float32 that it decodes to.
struct Expected {
  int code;
  float value;
};
Expected expect_element(const Tensor& x, std::int64_t i, DType dtype, QParams grid, CodeRange codes) {
  const double real = load_real(x.dtype(), x.raw(), i);
  if (const SmallFloat* format = small_float(dtype)) {
    const double quotient = x.dtype() == DType::f64 ? real / static_cast<double>(grid.scale)
                                                    : static_cast<double>(static_cast<float>(real) / grid.scale);
    const std::uint8_t code = encode(quotient, *format, true);
    return {code, decode(code, *format) * grid.scale};
  }
  const std::int32_t code = x.dtype() == DType::f64
                                ? quantize_value<double>(real, static_cast<double>(grid.scale), grid.zero_point, codes)
                                : quantize_value<float>(static_cast<float>(real), grid.scale, grid.zero_point, codes);
  return {code, dequantize_value(code, grid)};
}

int code_at(const Tensor& q, std::int64_t i) {
  const DType dtype = q.dtype() == DType::f4e2m1                    ? DType::u4
                      : bits(q.dtype()) == 8 && is_float(q.dtype()) ? DType::u8
                                                                    : q.dtype();
  return load_code(dtype, q.raw(), i);
}

void expect_definition(const Tensor& x, const Scheme& scheme) {
  const TensorQParams qparams = choose_tensor_qparams(x, scheme);
  const Tensor q = quantize(x, qparams);
  const Tensor back = dequantize(q, qparams, x.dtype());
  const Tensor fake = fake_quantize(x, qparams);
  const CodeRange codes = has_integer_codes(scheme.dtype) ? code_range(scheme) : CodeRange{};
  for_each_patch(grid_layout(x.shape(), scheme), 0, x.size(), [&](const Patch& patch) {
    for (std::int64_t k = 0; k < patch.elements(); ++k) {
      const std::int64_t i = patch.begin + k;
      const std::int64_t g = grid_of(patch, k);
      const QParams grid{qparams.scales.data<float>()[g],
                         qparams.zero_points ? load_code(scheme.dtype, qparams.zero_points.raw(), g) : 0};
      const Expected want = expect_element(x, i, scheme.dtype, grid, codes);
      ASSERT_EQ(code_at(q, i), want.code) << name(scheme.dtype) << " of " << name(x.dtype()) << ", element " << i;
      Tensor rounded = Tensor::allocate(x.dtype(), {1});
      store_f32(rounded, 0, &want.value, 1);
      const double value = load_real(x.dtype(), rounded.raw(), 0);
      ASSERT_EQ(load_real(x.dtype(), back.raw(), i), value);
      ASSERT_EQ(load_real(x.dtype(), fake.raw(), i), value);
    }
  });
}

TEST(AllTypes, IntegerCodesAreTheirDefinition) {
  for (const DType real : kReals) {
    for (const Shape& shape : {Shape{67}, Shape{9, 70}, Shape{3, 10, 7}}) {
      const Tensor x = random_reals(real, shape);
      for (const DType dtype : kIntegerCodes) {
        for (const Scheme& scheme : schemes(dtype, shape)) expect_definition(x, scheme);
      }
    }
  }
}

TEST(AllTypes, FloatCodesAreTheirDefinition) {
  for (const DType real : kReals) {
    for (const Shape& shape : {Shape{67}, Shape{3, 10, 7}}) {
      const Tensor x = random_reals(real, shape);
      for (const DType dtype : kFloatCodes) {
        for (const Scheme& scheme : schemes(dtype, shape)) expect_definition(x, scheme);
      }
    }
  }
}

TEST(AllTypes, LargeTensorsAreTheSameForAnyThreadCount) {
  const Shape shape = {3, 100003};  // several chunks, with borders inside packed bytes and blocks
  const Tensor x = random_reals(DType::f32, shape);
  for (const DType dtype : {DType::u8, DType::i4, DType::u2, DType::i16, DType::f4e2m1}) {
    for (const Scheme& scheme :
         {Scheme{.dtype = dtype}, Scheme{.dtype = dtype, .granularity = Granularity::per_axis},
          Scheme{.dtype = dtype, .granularity = Granularity::blocked, .axis = 1, .block_size = 48}}) {
      const int threads = num_threads();
      set_num_threads(1);
      const TensorQParams one = choose_tensor_qparams(x, scheme);
      const Tensor q_one = quantize(x, one);
      set_num_threads(4);
      const TensorQParams four = choose_tensor_qparams(x, scheme);
      const Tensor q_four = quantize(x, four);
      set_num_threads(threads);
      ASSERT_EQ(std::memcmp(one.scales.raw(), four.scales.raw(), one.scales.bytes()), 0);
      ASSERT_EQ(std::memcmp(q_one.raw(), q_four.raw(), q_one.bytes()), 0) << name(dtype);
      for (const std::int64_t i : {std::int64_t{0}, std::int64_t{65535}, std::int64_t{65536}, x.size() - 1}) {
        const std::int64_t g = scheme.granularity == Granularity::per_tensor ? 0
                               : scheme.granularity == Granularity::per_axis
                                   ? i / shape[1]
                                   : i / shape[1] * ((shape[1] + 47) / 48) + i % shape[1] / 48;
        const QParams grid{one.scales.data<float>()[g],
                           one.zero_points ? load_code(dtype, one.zero_points.raw(), g) : 0};
        const CodeRange codes = has_integer_codes(dtype) ? code_range(scheme) : CodeRange{};
        ASSERT_EQ(code_at(q_one, i), expect_element(x, i, dtype, grid, codes).code);
      }
    }
  }
}

TEST(AllTypes, NonFiniteValuesFollowThePolicyForEveryRealType) {
  for (const DType real : kReals) {
    const float values[] = {NAN, INFINITY, -INFINITY, 1.0F};
    Tensor x = Tensor::allocate(real, {4});
    store_f32(x, 0, values, 4);
    const TensorQParams grid = tensor_qparams({.dtype = DType::u8}, {0.5F, 10});
    EXPECT_THROW(quantize(x, grid), Error);
    EXPECT_THROW(fake_quantize(x, grid), Error);
    EXPECT_THROW(quantize(x, grid, {.nan = NanPolicy::zero}), Error);
    const QuantizeOptions allow{.nan = NanPolicy::zero, .inf = InfPolicy::clip};
    EXPECT_EQ(codes_of(quantize(x, grid, allow)), (std::vector<std::int32_t>{10, 255, 0, 12}));
    const Range range = grid_ranges(x, {}, allow)[0];
    EXPECT_EQ(range, (Range{1, 1}));
    EXPECT_THROW(grid_ranges(x, {}), Error);
  }
}

}  // namespace
}  // namespace zeropoint
