#include "kernels/llm_int8/llm_int8.h"

#include <cmath>

#include "ops/op.h"

// LlmInt8MatMul of our own domain: y = x W^T + bias, where W [n, k] is held as int8 codes and the largest
// magnitude of every row, and x is multiplied as LLM.int8() does it: columns that reach the attribute
// threshold anywhere in x in float, the others as int8.
namespace zeropoint {
namespace {

enum Input : std::size_t { kX, kCodes, kAbsmax, kBias };

void require(const OpSite& site, std::size_t input, DType dtype, const Shape& shape, std::string_view role) {
  const ValueFacts& facts = site.input(input);
  if (facts.dtype == dtype && facts.shape == shape) return;
  site.invalid("{} is {} {}; {} {} is expected", role, name(facts.dtype), to_string(facts.shape), name(dtype),
               to_string(shape));
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const Shape& codes = site.input(kCodes).shape;
  Shape shape = site.input(kX).shape;
  if (codes.size() != 2) site.invalid("the codes {} are no matrix", to_string(codes));
  if (shape.empty() || shape.back() != codes[1]) {
    site.invalid("x {} does not end in the {} columns of the codes", to_string(shape), codes[1]);
  }
  shape.back() = codes[0];
  return {{.dtype = DType::f32, .shape = shape}};
}

class LlmInt8Kernel final : public Kernel {
 public:
  explicit LlmInt8Kernel(const OpSite& site) {
    const Tensor& codes = site.constant(kCodes, "codes");
    product_ = {.n = codes.dim(0), .k = codes.dim(1), .threshold = site.node.get_float("threshold", kLlmInt8Threshold)};
    if (codes.dtype() != DType::i8) site.invalid("codes are {}; int8 is expected", name(codes.dtype()));
    if (site.input(kX).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(kX).dtype));
    require(site, kAbsmax, DType::f32, {product_.n}, "absmax");
    if (site.has(kBias)) require(site, kBias, DType::f32, {product_.n}, "bias");
    if (!(product_.threshold >= 0)) site.invalid("threshold is {}; 0 or more is expected", product_.threshold);
    if (product_.k > kLlmInt8LongestRow) {
      site.unsupported("rows of {} codes are not offered, the integer sums of more than {} could overflow", product_.k,
                       kLlmInt8LongestRow);
    }
    const Shape& x = site.input(kX).shape;
    product_.m = element_count({x.begin(), x.end() - 1});
    packed_ = site.shared(codes, "llm_int8", [&] {
      Tensor packed = Tensor::allocate(DType::i16, {packed_llm_int8_size(product_.n, product_.k)});
      pack_llm_int8(codes.data<std::int8_t>(), product_.n, product_.k, packed.mutable_data<std::int16_t>());
      return packed;
    });
    product_.weights = packed_.data<std::int16_t>();
  }

  void run(const KernelIo& io) override {
    product_.x = io.in(kX).data<float>();
    product_.absmax = io.in(kAbsmax).data<float>();
    product_.bias = io.has(kBias) ? io.in(kBias).data<float>() : nullptr;
    product_.y = io.out(0).mutable_data<float>();
    llm_int8_product(product_, workspace_);
  }

 private:
  LlmInt8Product product_;
  Tensor packed_;
  LlmInt8Workspace workspace_;
};

std::unique_ptr<Kernel> make(const OpSite& site) { return std::make_unique<LlmInt8Kernel>(site); }

constexpr OpSpec kOps[] = {
    {.op_type = "LlmInt8MatMul", .domain = kOwnDomain, .infer = infer, .make = make, .integer_types = "int8 weights"}};

}  // namespace

std::span<const OpSpec> ops_llm_int8_matmul() { return kOps; }

}  // namespace zeropoint
