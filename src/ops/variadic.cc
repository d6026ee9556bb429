#include <algorithm>
#include <cmath>

#include "ops/elementwise.h"

// Max, Min, Sum, Mean of one or more inputs: pair by pair, from left to right.
namespace zeropoint {
namespace {

/// NaN wins, as in NumPy.
constexpr auto kMax = [](auto a, auto b) { return a != a || a > b ? a : b; };
constexpr auto kMin = [](auto a, auto b) { return a != a || a < b ? a : b; };
constexpr auto kAdd = [](auto a, auto b) { return wrapping(a, b, [](auto u, auto v) { return u + v; }); };

struct Row {
  std::string_view op_type;
  BinaryF32 f32;
  WideBinaryTable wide;
};
constexpr Row kRows[] = {
    {"Max", BinaryF32::max, wide_binary_numbers(kMax)},
    {"Min", BinaryF32::min, wide_binary_numbers(kMin)},
    {"Sum", BinaryF32::add, wide_binary_numbers(kAdd)},
    {"Mean", BinaryF32::add, wide_binary_numbers(kAdd)},
};

class VariadicKernel final : public Kernel {
 public:
  VariadicKernel(const OpSite& site, const Row& row)
      : f32_(row.f32), wide_(function_for(site, row.wide)), is_mean_(row.op_type == "Mean") {
    const Shape shape = broadcast_shape(site);
    const Shape& first = site.input(0).shape;
    const Shape scalar;
    walks_.emplace_back(
        shape, std::initializer_list<const Shape*>{&first, site.has(1) ? &site.input(1).shape : &scalar}, kCheapGrain);
    for (std::size_t i = 2; i < site.inputs.size(); ++i) {
      walks_.emplace_back(shape, std::initializer_list<const Shape*>{&shape, &site.input(i).shape}, kCheapGrain);
    }
    if (is_mean_) walks_.emplace_back(shape, std::initializer_list<const Shape*>{&shape, &scalar}, kCheapGrain);
  }

  void run(const KernelIo& io) override {
    Tensor& y = io.out(0);
    const std::size_t count = io.inputs.size();
    if (count == 1) {
      std::copy_n(io.in(0).data<std::byte>(), y.bytes(), y.mutable_data<std::byte>());
      return;
    }
    combine(walks_[0], io.in(0), io.in(1), y);
    for (std::size_t i = 2; i < count; ++i) combine(walks_[i - 1], y, io.in(i), y);
    if (is_mean_) divide(walks_.back(), static_cast<double>(count), y);
  }

 private:
  void combine(const Broadcast& walk, const Tensor& a, const Tensor& b, Tensor& y) const {
    if (y.dtype() == DType::f32) {
      run_binary(f32_, walk, a, b, y);
    } else {
      run_binary(wide_, WideResult::same, walk, a, b, y);
    }
  }

  static void divide(const Broadcast& walk, double count, Tensor& y) {
    if (y.dtype() == DType::f32)
      return run_binary(BinaryF32::div, walk, y, Tensor::scalar(static_cast<float>(count)), y);
    constexpr auto kDivide = [](auto a, auto b) { return quotient(a, b); };
    constexpr WideBinaryTable kTable = wide_binary_numbers(kDivide);
    Tensor divisor = Tensor::allocate(y.dtype(), {});
    convert_wide_scalar(count, divisor);
    run_binary(kTable[static_cast<std::size_t>(wide_of(y.dtype()))], WideResult::same, walk, y, divisor, y);
  }

  static void convert_wide_scalar(double value, Tensor& scalar) {
    WideBlock wide;
    convert_wide(Wide::f64, &value, wide_of(scalar.dtype()), wide.bytes, 1);
    store_wide(scalar.dtype(), scalar.mutable_raw(), 0, 1, wide.bytes);
  }

  BinaryF32 f32_;
  WideBinary wide_;
  bool is_mean_;
  std::vector<Broadcast> walks_;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  return std::make_unique<VariadicKernel>(site, *std::ranges::find(kRows, site.node.op_type, &Row::op_type));
}

constexpr OpSpec spec(std::string_view op_type) {
  return {.op_type = op_type,
          .infer = infer_broadcast,
          .make = make,
          .keeps_layout = true,
          .float_types = "all floats, integers"};
}
constexpr OpSpec kOps[] = {spec("Max"), spec("Min"), spec("Sum"), spec("Mean")};

}  // namespace

std::span<const OpSpec> ops_variadic() { return kOps; }

}  // namespace zeropoint
