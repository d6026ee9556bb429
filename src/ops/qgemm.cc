#include <optional>
#include <vector>

#include "base/parallel.h"
#include "kernels/requantize/requantize.h"
#include "ops/inner_op.h"
#include "ops/qlinear.h"
#include "ops/scale_columns.h"

// QGemm of com.microsoft: y = alpha S_a S_b (sum (a - Z_a)(b - Z_b) + c), as float32, or as codes when
// the grid of y is given. c is int32 with the scale alpha S_a S_b; rounding as ONNX Runtime on x86.
namespace zeropoint {
namespace {

enum Input : std::size_t { kA, kAScale, kAZero, kB, kBScale, kBZero, kC, kYScale, kYZero };

/// A constant matrix transposed at once, any other at every run.
class MaybeTransposed {
 public:
  MaybeTransposed(const OpSite& site, std::size_t input, std::string_view attribute) : facts_(site.input(input)) {
    if (facts_.shape.size() != 2) site.invalid("input {} of shape {} is no matrix", input, to_string(facts_.shape));
    if (site.node.get_int(attribute, 0) == 0) return;
    transpose_.emplace(site, "Transpose", std::vector<ValueFacts>{facts_});
    const Tensor constant = facts_.constant;
    facts_ = transpose_->facts();
    if (!constant) return;
    const Tensor* const inputs[] = {&constant};
    facts_.constant = site.shared(constant, "transposed codes", [&] { return transpose_->run(inputs); });
  }

  const ValueFacts& facts() const { return facts_; }

  const Tensor& get(const Tensor& matrix) {
    if (!transpose_) return matrix;
    if (facts_.constant) return facts_.constant;
    const Tensor* const inputs[] = {&matrix};
    return transpose_->run(inputs);
  }

 private:
  ValueFacts facts_;
  std::optional<InnerOp> transpose_;
};

class QGemmKernel final : public Kernel {
 public:
  explicit QGemmKernel(const OpSite& site)
      : a_(site, kA, "transA"),
        b_(site, kB, "transB"),
        product_(site, "MatMulInteger", {a_.facts(), b_.facts(), zero_point(site, kAZero), zero_point(site, kBZero)}) {
    columns_ = b_.facts().shape[1];
    require_column_values(site, kBScale, columns_, "b_scale");
    const auto a_scale = site.constant(kAScale, "a_scale").values<float>();
    const float alpha = site.node.get_float("alpha", 1.0F);
    for (const float b_scale : site.constant(kBScale, "b_scale").values<float>()) {
      scale_.push_back(alpha * a_scale[0] * b_scale);
    }
    if (site.has(kC)) c_step_of(site);
    if (!site.has(kYScale)) return;
    const DType codes = site.has(kYZero) ? code_type(site, kYZero) : code_type(site, kA);
    const QParams y = read_grid(site, kYScale, kYZero);
    target_ = {.zero_point = y.zero_point, .codes = codes_of(codes), .arithmetic = Arithmetic::ort_x86};
    std::vector<Rescale> rescale;
    for (std::int64_t c = 0; c < columns_; ++c) {
      rescale.push_back({.multiplier = scale_[scale_.size() == 1 ? 0 : static_cast<std::size_t>(c)] / y.scale});
    }
    rescale_.emplace(rescale);
  }

  void run(const KernelIo& io) override {
    const auto optional = [&](std::size_t i) { return io.has(i) ? &io.in(i) : nullptr; };
    const Tensor* const operands[] = {&a_.get(io.in(kA)), &b_.get(io.in(kB)), optional(kAZero), optional(kBZero)};
    Tensor acc = product_.run(operands);
    auto* sums = acc.mutable_data<std::int32_t>();
    const std::int64_t rows = columns_ == 0 ? 0 : acc.size() / columns_;
    if (io.has(kC)) add_c(io.in(kC).data<std::int32_t>(), rows, sums);
    Tensor& y = io.out(0);
    if (!rescale_) {
      scale_columns(sums, rows, columns_, scale_, {}, y.mutable_data<float>());
    } else if (y.dtype() == DType::u8) {
      requantize_columns_s32_u8(sums, rows, *rescale_, target_, y.mutable_data<std::uint8_t>());
    } else {
      requantize_columns_s32_i8(sums, rows, *rescale_, target_, y.mutable_data<std::int8_t>());
    }
  }

 private:
  static ValueFacts zero_point(const OpSite& site, std::size_t i) {
    return site.has(i) ? site.inputs[i] : ValueFacts{};
  }

  void c_step_of(const OpSite& site) {
    const ValueFacts& c = site.input(kC);
    const std::int64_t rows = a_.facts().shape[0];
    const std::int64_t count = element_count(c.shape);
    if (c.dtype != DType::i32 || (count != 1 && count != columns_ && count != rows && count != rows * columns_)) {
      site.invalid("c is {} {}; int32 that broadcasts to [{}, {}] is expected", name(c.dtype), to_string(c.shape), rows,
                   columns_);
    }
    const bool has_columns = !c.shape.empty() && c.shape.back() == columns_ && columns_ > 1;
    const bool has_rows = c.shape.size() == 2 && c.shape[0] == rows && rows > 1;
    c_column_step_ = has_columns ? 1 : 0;
    c_row_step_ = has_rows ? (has_columns ? columns_ : 1) : 0;
  }

  void add_c(const std::int32_t* c, std::int64_t rows, std::int32_t* sums) const {
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t i = 0; i < columns_; ++i) {
        std::int32_t& sum = sums[row * columns_ + i];  // two's complement, as the accumulator itself
        sum = static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) +
                                        static_cast<std::uint32_t>(c[row * c_row_step_ + i * c_column_step_]));
      }
    }
  }

  MaybeTransposed a_;
  MaybeTransposed b_;
  InnerOp product_;
  std::int64_t columns_ = 0;
  std::int64_t c_row_step_ = 0;
  std::int64_t c_column_step_ = 0;
  std::vector<float> scale_;
  RequantizeTarget target_;
  std::optional<ColumnRescale> rescale_;
};

std::vector<ValueFacts> infer(const OpSite& site) {
  const Shape& a = site.input(kA).shape;
  const Shape& b = site.input(kB).shape;
  if (a.size() != 2 || b.size() != 2)
    site.invalid("inputs of shapes {} and {} are no matrices", to_string(a), to_string(b));
  const std::int64_t rows = site.node.get_int("transA", 0) != 0 ? a[1] : a[0];
  const std::int64_t columns = site.node.get_int("transB", 0) != 0 ? b[0] : b[1];
  const DType dtype = !site.has(kYScale) ? DType::f32
                      : site.has(kYZero) ? site.input(kYZero).dtype
                                         : site.input(kA).dtype;
  return {{.dtype = dtype, .shape = {rows, columns}}};
}

std::unique_ptr<Kernel> make(const OpSite& site) { return std::make_unique<QGemmKernel>(site); }

constexpr OpSpec kOps[] = {{.op_type = "QGemm",
                            .domain = "com.microsoft",
                            .infer = infer,
                            .make = make,
                            .float_types = "",
                            .integer_types = "uint8 int8"}};

}  // namespace

std::span<const OpSpec> ops_qgemm() { return kOps; }

}  // namespace zeropoint
