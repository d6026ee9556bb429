#include <algorithm>

#include "kernels/dequantize/dequantize.h"
#include "ops/quant_grid.h"
#include "ops/wide.h"

// DequantizeLinear: x = (q - zero_point) * scale in float32, then rounded to the output's type.
namespace zeropoint {
namespace {

DType output_type(const OpSite& site) {
  const std::int64_t type = site.node.get_int("output_dtype", 0);
  if (type < 0 || type >= kDTypeCount) site.invalid("output_dtype = {} names no type", type);
  return type == 0 ? site.input(1).dtype : static_cast<DType>(type);
}

/// One contiguous row on one grid through the vector kernel of its type; false when there is none.
bool dequantize_fast(const Tensor& q, std::int64_t first, std::int64_t n, QParams grid, float* x) {
  switch (q.dtype()) {
    case DType::u8:
      dequantize_u8_f32(q.data<std::uint8_t>() + first, n, grid, x);
      return true;
    case DType::i8:
      dequantize_i8_f32(q.data<std::int8_t>() + first, n, grid, x);
      return true;
    case DType::u16:
      dequantize_u16_f32(q.data<std::uint16_t>() + first, n, grid, x);
      return true;
    case DType::i16:
      dequantize_i16_f32(q.data<std::int16_t>() + first, n, grid, x);
      return true;
    default:
      return false;
  }
}

class DequantizeKernel final : public Kernel {
 public:
  explicit DequantizeKernel(const OpSite& site) : grid_(site), values_(site, grid_) {}

  void run(const KernelIo& io) override {
    values_.prepare(io);
    grid_.for_each_row([&](const QuantGrid::Row& row) { dequantize_row(io.in(0), io.out(0), row); });
  }

 private:
  void dequantize_row(const Tensor& q, Tensor& x, const QuantGrid::Row& row) const {
    if (x.dtype() == DType::f32 && row.scale_step == 0) {
      const QParams grid{values_.scales()[row.scale], values_.zero_points()[row.scale]};
      if (dequantize_fast(q, row.first, row.size, grid, x.mutable_data<float>() + row.first)) return;
    }
    WideBlock codes, real;
    for (std::int64_t i = 0; i < row.size; i += kWideBlock) {
      const std::int64_t n = std::min(kWideBlock, row.size - i);
      load_wide(q.dtype(), q.raw(), row.first + i, n, codes.bytes);
      multiply(q.dtype(), codes, n, row.scale + i * row.scale_step, row.scale_step, real.as<float>());
      store_wide(x.dtype(), x.mutable_raw(), row.first + i, n, real.bytes);
    }
  }

  void multiply(DType dtype, WideBlock& codes, std::int64_t n, std::int64_t scale, std::int64_t step, float* x) const {
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t at = scale + i * step;
      const float difference = is_float(dtype)
                                   ? codes.as<float>()[i]
                                   : static_cast<float>(codes.as<std::int64_t>()[i] - values_.zero_points()[at]);
      x[i] = difference * values_.scales()[at];
    }
  }

  QuantGrid grid_;
  QuantGridValues values_;
};

std::vector<ValueFacts> infer(const OpSite& site) {
  return {{.dtype = output_type(site), .shape = site.input(0).shape}};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const DType in = site.input(0).dtype;
  const DType scale = site.input(1).dtype;
  const DType out = output_type(site);
  const bool is_code = (is_integer(in) && bits(in) <= 32) || small_float(in) != nullptr;
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
     .float_types = kFloats,
     .integer_types = kCodes},
    {.op_type = "DequantizeLinear",
     .domain = "com.microsoft",
     .infer = infer,
     .make = make,
     .float_types = kFloats,
     .integer_types = kCodes},
};

}  // namespace

std::span<const OpSpec> ops_dequantize_linear() { return kOps; }

}  // namespace zeropoint
