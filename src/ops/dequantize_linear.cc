#include "ops/grid_inputs.h"
#include "tensor/chunk.h"

// DequantizeLinear: x = (q - zero_point) * scale in float32, then rounded to the output's type.
namespace zeropoint {
namespace {

DType output_type(const OpSite& site) {
  const std::int64_t type = site.node.get_int("output_dtype", 0);
  if (type < 0 || type >= kDTypeCount) site.invalid("output_dtype = {} names no type", type);
  return type == 0 ? site.input(1).dtype : static_cast<DType>(type);
}

class DequantizeKernel final : public Kernel {
 public:
  explicit DequantizeKernel(const OpSite& site) : grids_(site, site.input(0).dtype) {}

  void run(const KernelIo& io) override { dequantize_on(grids_.prepare(io), io.in(0), io.out(0)); }

 private:
  GridInputs grids_;
};

std::vector<ValueFacts> infer(const OpSite& site) {
  return {{.dtype = output_type(site), .shape = site.input(0).shape}};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const DType in = site.input(0).dtype;
  const DType scale = site.input(1).dtype;
  const DType out = output_type(site);
  const bool is_code = has_integer_codes(in) || small_float(in) != nullptr;
  const auto is_real = [](DType t) { return t == DType::f32 || t == DType::f16 || t == DType::bf16; };
  if (!is_code || !(is_real(scale) || scale == DType::f8e8m0) || !is_real(out)) {
    site.unsupported("{} with scale {} to {} is not offered", name(in), name(scale), name(out));
  }
  return std::make_unique<DequantizeKernel>(site);
}

constexpr std::string_view kFloats = "float16 bfloat16 float32";
constexpr std::string_view kCodes = "2 to 32 bit integers, 4 and 8 bit floats";
constexpr OpSpec kOps[] = {
    {.op_type = "DequantizeLinear",
     .since = 10,
     .infer = infer,
     .make = make,
     .keeps_layout_of_first = true,
     .float_types = kFloats,
     .integer_types = kCodes},
    {.op_type = "DequantizeLinear",
     .domain = "com.microsoft",
     .infer = infer,
     .make = make,
     .keeps_layout_of_first = true,
     .float_types = kFloats,
     .integer_types = kCodes},
};

}  // namespace

std::span<const OpSpec> ops_dequantize_linear() { return kOps; }

}  // namespace zeropoint
