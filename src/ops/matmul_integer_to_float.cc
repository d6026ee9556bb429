#include <optional>
#include <vector>

#include "ops/inner_op.h"
#include "ops/scale_columns.h"
#include "zeropoint/tensor.h"

// MatMulIntegerToFloat and DynamicQuantizeMatMul of com.microsoft: an integer matrix product whose
// accumulators are scaled to float32. The second one first quantizes its left-hand side to uint8 on the grid
// of the data's own range.
namespace zeropoint {
namespace {

/// The positions of the inputs; DynamicQuantizeMatMul has no grid for a.
struct Inputs {
  std::size_t a, b;
  std::optional<std::size_t> a_scale, a_zero_point;
  std::size_t b_scale, b_zero_point, bias;
};
constexpr Inputs kToFloat = {
    .a = 0, .b = 1, .a_scale = 2, .a_zero_point = 4, .b_scale = 3, .b_zero_point = 5, .bias = 6};
constexpr Inputs kDynamic = {
    .a = 0, .b = 1, .a_scale = {}, .a_zero_point = {}, .b_scale = 2, .b_zero_point = 3, .bias = 4};

const Inputs& inputs_of(const OpSite& site) {
  return site.node.op_type == "DynamicQuantizeMatMul" ? kDynamic : kToFloat;
}

ValueFacts facts_or_absent(const OpSite& site, std::size_t i) { return site.has(i) ? site.inputs[i] : ValueFacts{}; }

/// The facts of MatMulInteger's inputs.
std::vector<ValueFacts> product_inputs(const OpSite& site) {
  const Inputs& in = inputs_of(site);
  ValueFacts a = site.input(in.a);
  ValueFacts a_zero_point = in.a_zero_point ? facts_or_absent(site, *in.a_zero_point) : ValueFacts{.dtype = DType::u8};
  if (!in.a_scale) {
    if (a.dtype != DType::f32) site.unsupported("{} is not offered", name(a.dtype));
    a = {.dtype = DType::u8, .shape = a.shape};
  }
  return {a, site.input(in.b), a_zero_point, facts_or_absent(site, in.b_zero_point)};
}

class ProductKernel final : public Kernel {
 public:
  explicit ProductKernel(const OpSite& site)
      : in_(inputs_of(site)), product_(site, "MatMulInteger", product_inputs(site)) {
    const Shape& b = site.input(in_.b).shape;
    const std::int64_t columns = b.empty() ? 1 : b.back();
    if (in_.a_scale) require_column_values(site, *in_.a_scale, 1, "a_scale");
    require_column_values(site, in_.b_scale, columns, "b_scale");
    require_column_values(site, in_.bias, columns, "bias");
    if (!in_.a_scale) quantized_a_.emplace(site);
  }

  void run(const KernelIo& io) override {
    const auto optional = [&](std::size_t i) { return io.has(i) ? &io.in(i) : nullptr; };
    const Tensor* a = &io.in(in_.a);
    const Tensor* a_zero_point = in_.a_zero_point ? optional(*in_.a_zero_point) : nullptr;
    float a_scale = 1;
    if (quantized_a_) {
      quantized_a_->run(io.in(in_.a));
      a = &quantized_a_->codes;
      a_zero_point = &quantized_a_->zero_point;
      a_scale = *quantized_a_->scale.data<float>();
    } else {
      a_scale = *io.in(*in_.a_scale).data<float>();
    }
    const Tensor* const operands[] = {a, &io.in(in_.b), a_zero_point, optional(in_.b_zero_point)};
    const Tensor& acc = product_.run(operands);

    scale_.assign(io.in(in_.b_scale).values<float>().begin(), io.in(in_.b_scale).values<float>().end());
    for (float& scale : scale_) scale = a_scale * scale;
    const std::int64_t columns = acc.rank() == 0 ? 1 : acc.shape().back();
    const std::int64_t rows = columns == 0 ? 0 : acc.size() / columns;
    const auto bias = io.has(in_.bias) ? io.in(in_.bias).values<float>() : std::span<const float>();
    scale_columns(acc.data<std::int32_t>(), rows, columns, scale_, bias, io.out(0).mutable_data<float>());
  }

 private:
  /// The left-hand side of DynamicQuantizeMatMul as codes.
  struct QuantizedLhs {
    explicit QuantizedLhs(const OpSite& site)
        : kernel(find_op("", "DynamicQuantizeLinear", 11)->make(site)),
          codes(Tensor::allocate(DType::u8, site.input(0).shape)),
          scale(Tensor::allocate(DType::f32, {})),
          zero_point(Tensor::allocate(DType::u8, {})) {}

    void run(const Tensor& a) {
      const Tensor* const inputs[] = {&a};
      Tensor outputs[] = {codes, scale, zero_point};  // handles to the same memory
      kernel->run({.inputs = inputs, .outputs = outputs, .scratch = nullptr});
    }

    std::unique_ptr<Kernel> kernel;
    Tensor codes, scale, zero_point;
  };

  const Inputs& in_;
  InnerOp product_;
  std::optional<QuantizedLhs> quantized_a_;
  std::vector<float> scale_;
};

std::vector<ValueFacts> infer(const OpSite& site) {
  const std::vector<ValueFacts> inputs = product_inputs(site);
  const OpSpec* product = find_op("", "MatMulInteger", 10);
  if (product == nullptr) site.unsupported("MatMulInteger is not offered");
  ValueFacts out = product->infer({.node = site.node, .opset = 10, .inputs = inputs}).at(0);
  out.dtype = DType::f32;
  return {out};
}

std::unique_ptr<Kernel> make(const OpSite& site) { return std::make_unique<ProductKernel>(site); }

constexpr OpSpec spec(std::string_view op_type, std::string_view float_types) {
  return {.op_type = op_type,
          .domain = "com.microsoft",
          .infer = infer,
          .make = make,
          .float_types = float_types,
          .integer_types = "uint8 int8"};
}
constexpr OpSpec kOps[] = {spec("DynamicQuantizeMatMul", "float32"), spec("MatMulIntegerToFloat", "")};

}  // namespace

std::span<const OpSpec> ops_matmul_integer_to_float() { return kOps; }

}  // namespace zeropoint
