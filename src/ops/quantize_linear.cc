#include <vector>

#include "base/float16.h"
#include "base/parallel.h"
#include "ops/grid_inputs.h"
#include "quant/codes.h"
#include "tensor/chunk.h"
#include "tensor/reals.h"

// QuantizeLinear: q = saturate(rint(x / scale) + zero_point); for 8-bit and 4-bit floats q = cast(x / scale).
namespace zeropoint {
namespace {

DType output_type(const OpSite& site) {
  if (site.has(2)) return site.input(2).dtype;
  const std::int64_t type = site.node.get_int("output_dtype", 0);
  if (type < 0 || type >= kDTypeCount) site.invalid("output_dtype = {} names no type", type);
  return type == 0 ? DType::u8 : static_cast<DType>(type);
}

/// The type in which x / scale is rounded before it becomes a code: `precision`, else the scale's type.
DType division_type(const OpSite& site) {
  const auto precision = static_cast<DType>(site.node.get_int("precision", 0));
  if (precision != DType::undefined) return precision;
  const DType scale = site.input(1).dtype;
  return scale == DType::f8e8m0 ? site.input(0).dtype : scale;
}

float rounded(float x, DType type) {
  if (type == DType::f16) return f16_to_f32(f32_to_f16(x));
  return type == DType::bf16 ? bf16_to_f32(f32_to_bf16(x)) : x;
}

class QuantizeKernel final : public Kernel {
 public:
  explicit QuantizeKernel(const OpSite& site)
      : grids_(site, output_type(site)),
        division_(division_type(site)),
        saturate_(site.node.get_int("saturate", 1) != 0) {}

  void run(const KernelIo& io) override {
    const Grids& grids = grids_.prepare(io);
    const bool has_kernel =
        division_ == DType::f32 && is_float(io.in(0).dtype()) && (saturate_ || grids.format == nullptr);
    // Integer codes take NaN as the zero point; a float code of its own stands for it.
    if (has_kernel && (quantize_on(grids, io.in(0), io.out(0)) || grids.format == nullptr)) return;
    quantize_each(grids, io.in(0), io.out(0));
  }

 private:
  /// By the definition, one element after the other.
  void quantize_each(const Grids& grids, const Tensor& x, Tensor& y) const {
    const std::int64_t width = code_bytes(grids.dtype);
    const bool is_packed = bits(grids.dtype) < 8;
    auto* out = static_cast<std::byte*>(y.mutable_raw());
    parallel_ranges(x.size(), chunk_size(grids), [&](std::int64_t begin, std::int64_t end) {
      std::vector<std::byte> unpacked(is_packed ? static_cast<std::size_t>((end - begin) * width) : 0);
      std::byte* codes = is_packed ? unpacked.data() : out + begin * width;
      for_each_patch(grids.layout, begin, end, [&](const Patch& patch) {
        for (std::int64_t i = 0; i < patch.elements(); ++i) {
          const std::int64_t grid = patch.grid + (patch.kind == Patch::Kind::runs ? i / patch.size : i % patch.size);
          const std::int64_t element = patch.begin + i;
          store_code(unpacked_type(grids.dtype), codes, element - begin, code_of(grids, element_of(x, element), grid));
        }
      });
      if (is_packed) pack_codes(grids.dtype, codes, end - begin, out + storage_bytes(grids.dtype, begin));
    });
  }

  static float element_of(const Tensor& x, std::int64_t i) {
    return x.dtype() == DType::i32 ? static_cast<float>(x.data<std::int32_t>()[i])
                                   : static_cast<float>(load_real(x.dtype(), x.raw(), i));
  }

  std::int32_t code_of(const Grids& grids, float x, std::int64_t grid) const {
    const float quotient = rounded(rounded(x, division_) / grids.scales[grid], division_);
    if (grids.format != nullptr) return encode(quotient, *grids.format, saturate_);
    const std::int32_t zero_point = grids.zero_points[static_cast<std::size_t>(grid)];
    return quantize_value(quotient, 1.0F, zero_point, grids.codes);
  }

  GridInputs grids_;
  DType division_;
  bool saturate_;
};

std::vector<ValueFacts> infer(const OpSite& site) {
  return {{.dtype = output_type(site), .shape = site.input(0).shape}};
}

bool is_scale_type(DType dtype) {
  return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f8e8m0;
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const DType out = output_type(site);
  const DType in = site.input(0).dtype;
  const bool is_code = (has_integer_codes(out) && bits(out) <= 16) || small_float(out) != nullptr;
  const bool is_input = in == DType::f32 || in == DType::f16 || in == DType::bf16 || in == DType::i32;
  if (!is_code || !is_input || !is_scale_type(site.input(1).dtype)) {
    site.unsupported("{} with scale {} to {} is not offered", name(in), name(site.input(1).dtype), name(out));
  }
  return std::make_unique<QuantizeKernel>(site);
}

constexpr std::string_view kFloats = "float16 bfloat16 float32, int32";
constexpr std::string_view kCodes = "2 to 16 bit integers, 4 and 8 bit floats";
constexpr OpSpec kOps[] = {
    {.op_type = "QuantizeLinear",
     .since = 10,
     .infer = infer,
     .make = make,
     .keeps_layout_of_first = true,
     .float_types = kFloats,
     .integer_types = kCodes},
    {.op_type = "QuantizeLinear",
     .domain = "com.microsoft",
     .infer = infer,
     .make = make,
     .keeps_layout_of_first = true,
     .float_types = kFloats,
     .integer_types = kCodes},
};

}  // namespace

std::span<const OpSpec> ops_quantize_linear() { return kOps; }

}  // namespace zeropoint
