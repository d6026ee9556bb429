// QLinearConv and ConvInteger: convolutions of codes, by the integer library.
#include <cstring>

#include "ops/arguments.h"
#include "ops/window.h"
#include "zeropoint/integer.h"

namespace zeropoint {
namespace {

/// An operand's codes on the grid that two inputs of the node give; without a scale it is 1, without a zero point 0.
QuantizedTensor operand(const KernelIo& io, std::size_t codes, std::size_t scale, std::size_t zero_point, int axis) {
  const Tensor& q = io.in(codes);
  const Tensor z = io.has(zero_point) ? io.in(zero_point) : Tensor();
  const Tensor s = scale == codes ? Tensor() : io.in(scale);
  const std::int64_t grids = std::max(s ? s.size() : 1, z ? z.size() : 1);
  Scheme scheme{.dtype = q.dtype()};
  Shape shape;
  if (grids > 1) {
    scheme.granularity = Granularity::per_axis;
    scheme.axis = axis;
    shape = {grids};
  }
  Tensor scales = Tensor::allocate(DType::f32, shape);
  for (std::int64_t i = 0; i < grids; ++i) {
    scales.mutable_data<float>()[i] = s ? s.data<float>()[s.size() == 1 ? 0 : i] : 1.0F;
  }
  TensorQParams qparams{.scheme = scheme, .scales = scales};
  if (z) {
    qparams.zero_points = Tensor::allocate(z.dtype(), shape);
    for (std::int64_t i = 0; i < grids; ++i) {
      qparams.zero_points.mutable_data<std::uint8_t>()[i] = z.data<std::uint8_t>()[z.size() == 1 ? 0 : i];
    }
  }
  return {q, qparams};
}

TensorQParams output_grid(const KernelIo& io, std::size_t scale, std::size_t zero_point) {
  TensorQParams grid{.scheme = {.dtype = io.in(zero_point).dtype()}, .scales = io.in(scale).reshaped({})};
  grid.zero_points = io.in(zero_point).reshaped({});
  return grid;
}

void copy_out(const Tensor& result, Tensor& out) { std::memcpy(out.mutable_raw(), result.raw(), out.bytes()); }

void require_bytes(const OpSite& site, std::size_t input) {
  const DType dtype = site.input(input).dtype;
  if (dtype != DType::u8 && dtype != DType::i8) site.unsupported("{} is not offered", name(dtype));
}

void require_float32(const OpSite& site, std::size_t input, bool is_scalar) {
  const ValueFacts& scale = site.input(input);
  if (scale.dtype != DType::f32) site.unsupported("a scale of {} is not offered", name(scale.dtype));
  if (is_scalar && element_count(scale.shape) != 1) site.unsupported("one scale per row is not offered");
}

template <std::size_t w>
Window window_of(const OpSite& site) {
  const Shape& x = site.input(0).shape;
  const Shape& weight = site.input(w).shape;
  const std::int64_t group = site.node.get_int("group", 1);
  if (weight.size() != x.size() || x.size() < 3 || group < 1 || weight[0] % group != 0 || weight[1] > x[1] ||
      weight[1] * group != x[1]) {
    site.invalid("the weight {} in {} groups does not fit the input {}", to_string(weight), group, to_string(x));
  }
  return sliding_window(site, x, {weight.begin() + 2, weight.end()});
}

WindowOptions options_of(const OpSite& site, const Window& window) {
  WindowOptions o{.strides = window.strides, .dilations = window.dilations, .pads = window.pads_begin};
  o.pads.insert(o.pads.end(), window.pads_end.begin(), window.pads_end.end());
  o.groups = site.node.get_int("group", 1);
  return o;
}

template <std::size_t w>
std::vector<ValueFacts> infer_conv(const OpSite& site) {
  const DType dtype = w == 1 ? DType::i32 : site.input(7).dtype;
  return {planned(site, dtype, windowed_shape(site.input(0).shape[0], site.input(w).shape[0], window_of<w>(site)))};
}

std::unique_ptr<Kernel> make_qlinear_conv(const OpSite& site) {
  for (const std::size_t i : {0, 3, 7}) require_bytes(site, static_cast<std::size_t>(i));
  for (const std::size_t i : {1, 6}) require_float32(site, static_cast<std::size_t>(i), true);
  require_float32(site, 4, false);
  return make_kernel([window = options_of(site, window_of<3>(site))](const KernelIo& io) {
    const Tensor bias = io.has(8) ? io.in(8) : Tensor();
    copy_out(integer::conv(operand(io, 0, 1, 2, 1), operand(io, 3, 4, 5, 0), bias, window, output_grid(io, 6, 7)).codes,
             io.out(0));
  });
}

std::unique_ptr<Kernel> make_conv_integer(const OpSite& site) {
  for (const std::size_t i : {0, 1}) require_bytes(site, static_cast<std::size_t>(i));
  return make_kernel([window = options_of(site, window_of<1>(site))](const KernelIo& io) {
    copy_out(integer::conv_accumulators(operand(io, 0, 0, 2, 1), operand(io, 1, 1, 3, 0), window), io.out(0));
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "QLinearConv",
     .since = 10,
     .infer = infer_conv<3>,
     .make = make_qlinear_conv,
     .float_types = "",
     .integer_types = "int8 uint8"},
    {.op_type = "ConvInteger",
     .since = 10,
     .infer = infer_conv<1>,
     .make = make_conv_integer,
     .float_types = "",
     .integer_types = "int8 uint8"},
};

}  // namespace

std::span<const OpSpec> ops_qlinear_conv() { return kOps; }

}  // namespace zeropoint
