// What elementwise operators share: shape rules, and kernels made from a function per wide type.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "kernels/elementwise/binary.h"
#include "ops/broadcast.h"
#include "ops/op.h"
#include "ops/wide.h"

namespace zeropoint {

/// Elements worth a chunk of their own when the work per element is tiny, and when it is a function such as exp.
constexpr std::int64_t kCheapGrain = 32768;
constexpr std::int64_t kCostlyGrain = 8192;

/// Output 0 has the type and shape of input 0.
std::vector<ValueFacts> infer_like_input(const OpSite& site);
/// All inputs have one type; output 0 has it too, with the broadcast shape.
std::vector<ValueFacts> infer_broadcast(const OpSite& site);
/// The same, but the output is boolean.
std::vector<ValueFacts> infer_broadcast_boolean(const OpSite& site);
/// Output 0 is boolean, with the shape of input 0.
std::vector<ValueFacts> infer_boolean_like_input(const OpSite& site);

/// y[i] = f(x[i]) and y[i] = f(a[i], b[i]) on blocks of one wide type. Boolean results are std::uint8_t.
using WideUnary = void (*)(const void* x, void* y, std::int64_t n);
using WideBinary = void (*)(const void* a, const void* b, void* y, std::int64_t n);

/// One function per wide type, indexed by Wide; nullptr where the operator does not take such types.
using WideUnaryTable = std::array<WideUnary, 4>;
using WideBinaryTable = std::array<WideBinary, 4>;

/// The function for the type of input 0; throws unsupported naming the type when there is none.
WideUnary function_for(const OpSite& site, const WideUnaryTable& table);
WideBinary function_for(const OpSite& site, const WideBinaryTable& table);

/// One operand of a row of a Broadcast::Tile as wide blocks. A repeated value is expanded once per row.
class WideOperand {
 public:
  WideOperand(const Tensor& tensor, std::int64_t row_begin, std::int64_t col_step)
      : tensor_(tensor), row_begin_(row_begin), col_step_(col_step) {}

  /// Columns [col, col + n), n <= kWideBlock. Valid until the next call.
  const void* block(std::int64_t col, std::int64_t n);

 private:
  const Tensor& tensor_;
  std::int64_t row_begin_;
  std::int64_t col_step_;
  std::int64_t filled_ = 0;
  WideBlock block_;
};

/// y = f(a, b) over a walk of the operands {a, b}. y may be the memory of an operand that is not broadcast.
enum class WideResult : std::uint8_t { same, boolean };
void run_binary(WideBinary f, WideResult result, const Broadcast& walk, const Tensor& a, const Tensor& b, Tensor& y);
void run_binary(BinaryF32 f, const Broadcast& walk, const Tensor& a, const Tensor& b, Tensor& y);

/// Kernels of one operator with one or two inputs.
std::unique_ptr<Kernel> make_binary(const OpSite& site, BinaryF32 f32, const WideBinaryTable& others);
std::unique_ptr<Kernel> make_wide_unary(const OpSite& site, const WideUnaryTable& table,
                                        WideResult result = WideResult::same);
std::unique_ptr<Kernel> make_wide_binary(const OpSite& site, const WideBinaryTable& table,
                                         WideResult result = WideResult::same);

template <class F, class T>
void wide_unary(const void* x, void* y, std::int64_t n) {
  using R = decltype(F{}(T{}));
  using Y = std::conditional_t<std::is_same_v<R, bool>, std::uint8_t, T>;
  const T* px = static_cast<const T*>(x);
  Y* py = static_cast<Y*>(y);
  for (std::int64_t i = 0; i < n; ++i) py[i] = static_cast<Y>(F{}(px[i]));
}

template <class F, class T>
void wide_binary(const void* a, const void* b, void* y, std::int64_t n) {
  using R = decltype(F{}(T{}, T{}));
  using Y = std::conditional_t<std::is_same_v<R, bool>, std::uint8_t, T>;
  const T* pa = static_cast<const T*>(a);
  const T* pb = static_cast<const T*>(b);
  Y* py = static_cast<Y*>(y);
  for (std::int64_t i = 0; i < n; ++i) py[i] = static_cast<Y>(F{}(pa[i], pb[i]));
}

/// Tables from a captureless generic lambda: wide_binary_numbers([](auto a, auto b) { return a + b; }).
template <class F>
constexpr WideBinaryTable wide_binary_numbers(F) {
  return {wide_binary<F, float>, wide_binary<F, double>, wide_binary<F, std::int64_t>, wide_binary<F, std::uint64_t>};
}
template <class F>
constexpr WideBinaryTable wide_binary_integers(F) {
  return {nullptr, nullptr, wide_binary<F, std::int64_t>, wide_binary<F, std::uint64_t>};
}
template <class F>
constexpr WideUnaryTable wide_unary_numbers(F) {
  return {wide_unary<F, float>, wide_unary<F, double>, wide_unary<F, std::int64_t>, wide_unary<F, std::uint64_t>};
}
template <class F>
constexpr WideUnaryTable wide_unary_floats(F) {
  return {wide_unary<F, float>, wide_unary<F, double>, nullptr, nullptr};
}
template <class F>
constexpr WideUnaryTable wide_unary_integers(F) {
  return {nullptr, nullptr, wide_unary<F, std::int64_t>, wide_unary<F, std::uint64_t>};
}

/// a op b on integers without undefined overflow: the sum wraps.
template <class T, class F>
T wrapping(T a, T b, F f) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(f(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b)));
  } else {
    return f(a, b);
  }
}

/// a / b towards zero. Dividing an integer by zero gives 0, as NumPy does.
template <class T>
T quotient(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) return 0;
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return wrapping(T{0}, a, [](auto u, auto v) { return u - v; });
    }
  }
  return a / b;
}

}  // namespace zeropoint
