#include <algorithm>
#include <cmath>

#include "base/float16.h"
#include "kernels/quantize/quantize.h"
#include "ops/quant_grid.h"
#include "ops/wide.h"

// QuantizeLinear: q = saturate(rint(x / scale) + zero_point); for 8-bit and 4-bit floats q = cast(x / scale).
namespace zeropoint {
namespace {

bool is_packed(DType dtype) { return bits(dtype) < 8; }

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
      : grid_(site),
        values_(site, grid_),
        division_(division_type(site)),
        small_{.saturate = site.node.get_int("saturate", 1) != 0},
        codes_(is_integer(output_type(site)) ? CodeRange{static_cast<std::int32_t>(min_code(output_type(site))),
                                                         static_cast<std::int32_t>(max_code(output_type(site)))}
                                             : CodeRange{}) {}

  void run(const KernelIo& io) override {
    values_.prepare(io);
    const Tensor& x = io.in(0);
    Tensor& y = io.out(0);
    if (!is_packed(y.dtype())) {
      return grid_.for_each_row([&](const QuantGrid::Row& row) { quantize_row(x, y, row); });
    }
    // Rows may begin in the middle of a byte: one byte per code first, packed afterwards.
    const DType unpacked = y.dtype() == DType::f4e2m1 ? DType::f32 : DType::i8;
    Tensor codes = Tensor::allocate(unpacked, y.shape());
    grid_.for_each_row([&](const QuantGrid::Row& row) { quantize_row(x, codes, row); });
    WideBlock block;
    for (std::int64_t i = 0; i < y.size(); i += kWideBlock) {
      const std::int64_t n = std::min(kWideBlock, y.size() - i);
      load_wide(unpacked, codes.raw(), i, n, block.bytes);
      store_wide(y.dtype(), y.mutable_raw(), i, n, block.bytes);
    }
  }

 private:
  void quantize_row(const Tensor& x, Tensor& y, const QuantGrid::Row& row) const {
    const bool is_plain = x.dtype() == DType::f32 && division_ == DType::f32 && row.scale_step == 0;
    if (is_plain && (y.dtype() == DType::u8 || y.dtype() == DType::i8)) {
      const CodeGrid grid{values_.scales()[row.scale], values_.zero_points()[row.scale], codes_};
      const float* from = x.data<float>() + row.first;
      if (y.dtype() == DType::u8) {
        quantize_f32_u8(from, row.size, grid, y.mutable_data<std::uint8_t>() + row.first);
      } else {
        quantize_f32_i8(from, row.size, grid, y.mutable_data<std::int8_t>() + row.first);
      }
      return;
    }
    WideBlock in, quotient, out;
    for (std::int64_t i = 0; i < row.size; i += kWideBlock) {
      const std::int64_t n = std::min(kWideBlock, row.size - i);
      load_wide(x.dtype(), x.raw(), row.first + i, n, in.bytes);
      convert_wide(wide_of(x.dtype()), in.bytes, Wide::f32, quotient.bytes, n);
      const std::int64_t scale = row.scale + i * row.scale_step;
      divide(quotient.as<float>(), n, scale, row.scale_step);
      if (is_integer(y.dtype())) {
        to_codes(quotient.as<float>(), n, scale, row.scale_step, out.as<std::int64_t>());
        store_wide(y.dtype(), y.mutable_raw(), row.first + i, n, out.bytes);
      } else if (y.dtype() == DType::f32) {  // float4, packed later
        store_wide(y.dtype(), y.mutable_raw(), row.first + i, n, quotient.bytes);
      } else {
        store_small_float(y.dtype(), y.mutable_raw(), row.first + i, n, Wide::f32, quotient.bytes, small_);
      }
    }
  }

  void divide(float* x, std::int64_t n, std::int64_t scale, std::int64_t step) const {
    for (std::int64_t i = 0; i < n; ++i) {
      x[i] = rounded(rounded(x[i], division_) / values_.scales()[scale + i * step], division_);
    }
  }

  /// NaN becomes the zero point.
  void to_codes(const float* x, std::int64_t n, std::int64_t scale, std::int64_t step, std::int64_t* codes) const {
    for (std::int64_t i = 0; i < n; ++i) {
      const double zero_point = values_.zero_points()[scale + i * step];
      const double steps = std::isnan(x[i]) ? 0.0 : std::nearbyint(static_cast<double>(x[i]));
      codes[i] = static_cast<std::int64_t>(std::clamp<double>(steps + zero_point, codes_.min, codes_.max));
    }
  }

  QuantGrid grid_;
  QuantGridValues values_;
  DType division_;
  SmallFloatOptions small_;
  CodeRange codes_;
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
  const bool is_code = (is_integer(out) && bits(out) <= 16) || small_float(out) != nullptr;
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
     .float_types = kFloats,
     .integer_types = kCodes},
    {.op_type = "QuantizeLinear",
     .domain = "com.microsoft",
     .infer = infer,
     .make = make,
     .float_types = kFloats,
     .integer_types = kCodes},
};

}  // namespace

std::span<const OpSpec> ops_quantize_linear() { return kOps; }

}  // namespace zeropoint
