#include <algorithm>
#include <cmath>
#include <optional>

#include "kernels/elementwise/unary.h"
#include "ops/arguments.h"
#include "ops/elementwise.h"
#include "ops/unary.h"

// Pow: the exponent may have another type than the base; the result has the base's type.
namespace zeropoint {
namespace {

/// By squaring; wraps. A negative exponent gives the integer part: 1 for 1, +-1 for -1, else 0.
constexpr auto kIntegerPower = [](auto base, auto exponent) {
  using T = decltype(base);
  if (exponent < 0)
    return base == 1 ? T{1} : base == static_cast<T>(-1) ? static_cast<T>(exponent % 2 == 0 ? 1 : -1) : T{0};
  std::uint64_t power = 1;
  std::uint64_t square = static_cast<std::uint64_t>(base);
  for (auto rest = static_cast<std::uint64_t>(exponent); rest != 0; rest >>= 1) {
    if ((rest & 1) != 0) power *= square;
    square *= square;
  }
  return static_cast<T>(power);
};

template <class T>
void power(const void* a, const void* b, void* y, std::int64_t n) {
  if constexpr (std::is_integral_v<T>) {
    wide_binary<decltype(kIntegerPower), T>(a, b, y, n);
  } else {
    constexpr auto kPower = [](auto u, auto v) { return std::pow(u, v); };
    wide_binary<decltype(kPower), T>(a, b, y, n);
  }
}
constexpr WideBinaryTable kPower = {power<float>, power<double>, power<std::int64_t>, power<std::uint64_t>};

/// Where the powers are computed: in the base's type, except that an integer base with a float exponent needs double.
Wide compute_type(DType base, DType exponent) {
  if (is_float(base)) return wide_of(base);
  return is_float(exponent) ? Wide::f64 : wide_of(base);
}

std::optional<float> constant_exponent(const OpSite& site) {
  const Tensor& exponent = site.input(1).constant;
  if (!exponent || exponent.size() != 1) return std::nullopt;
  return static_cast<float>(number(site, 1, "exponent"));
}

/// x^2, x^3 and sqrt(x), which models use as Pow with a constant, without the general function.
std::unique_ptr<Kernel> make_special(const OpSite& site) {
  if (site.input(0).dtype != DType::f32 || broadcast_shape(site) != site.input(0).shape) return nullptr;
  const std::optional<float> exponent = constant_exponent(site);
  if (exponent == 0.5F) return make_unary_f32(site, UnaryF32::sqrt, {});
  if (exponent == 2.0F) return make_unary_f32(site, UnaryF32::square, {});
  if (exponent == 3.0F) return make_unary_f32(site, UnaryF32::cube, {});
  return nullptr;
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (std::unique_ptr<Kernel> special = make_special(site)) return special;
  const DType base = site.input(0).dtype;
  const DType exponent = site.input(1).dtype;
  if (!has_wide(base) || !has_wide(exponent))
    site.unsupported("{} to the power of {} is not offered", name(base), name(exponent));
  const Broadcast walk(broadcast_shape(site), {&site.input(0).shape, &site.input(1).shape}, kCostlyGrain);
  return make_kernel([walk, type = compute_type(base, exponent)](const KernelIo& io) {
    Tensor& y = io.out(0);
    const Wide base_wide = wide_of(io.in(0).dtype());
    const Wide exponent_wide = wide_of(io.in(1).dtype());
    walk.for_each_tile([&](const Broadcast::Tile& tile) {
      WideBlock u, v, power, narrowed;
      for (std::int64_t row = 0; row < tile.rows; ++row) {
        WideOperand a(io.in(0), tile.in[0] + row * tile.row_step[0], tile.col_step[0]);
        WideOperand b(io.in(1), tile.in[1] + row * tile.row_step[1], tile.col_step[1]);
        for (std::int64_t col = 0; col < tile.cols; col += kWideBlock) {
          const std::int64_t n = std::min(kWideBlock, tile.cols - col);
          convert_wide(base_wide, a.block(col, n), type, u.bytes, n);
          convert_wide(exponent_wide, b.block(col, n), type, v.bytes, n);
          kPower[static_cast<std::size_t>(type)](u.bytes, v.bytes, power.bytes, n);
          convert_wide(type, power.bytes, base_wide, narrowed.bytes, n);
          store_wide(y.dtype(), y.mutable_raw(), tile.out + row * tile.cols + col, n, narrowed.bytes);
        }
      }
    });
  });
}

std::vector<ValueFacts> infer(const OpSite& site) {
  return {planned(site, site.input(0).dtype, broadcast_shape(site))};
}

constexpr OpSpec kOps[] = {{.op_type = "Pow",
                            .since = 7,
                            .infer = infer,
                            .make = make,
                            .in_place = 0,
                            .keeps_layout = true,
                            .float_types = "all floats, integers"}};

}  // namespace

std::span<const OpSpec> ops_pow() { return kOps; }

}  // namespace zeropoint
