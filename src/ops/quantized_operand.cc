#include "ops/quantized_operand.h"

#include <algorithm>
#include <cstring>

#include "tensor/reals.h"

namespace zeropoint {
namespace {

float scale_at(const Tensor& scales, std::int64_t i) {
  return static_cast<float>(load_real(scales.dtype(), scales.raw(), i));
}

}  // namespace

TensorQParams grids_of(DType codes, const Tensor& s, const Tensor& z, int axis) {
  const std::int64_t grids = std::max(s ? s.size() : 1, z ? z.size() : 1);
  Scheme scheme{.dtype = codes};
  Shape shape;
  if (grids > 1) {
    scheme.granularity = Granularity::per_axis;
    scheme.axis = axis;
    shape = {grids};
  }
  Tensor scales = Tensor::allocate(DType::f32, shape);
  for (std::int64_t i = 0; i < grids; ++i) {
    scales.mutable_data<float>()[i] = s ? scale_at(s, s.size() == 1 ? 0 : i) : 1.0F;
  }
  TensorQParams qparams{.scheme = scheme, .scales = scales};
  if (z) {
    qparams.zero_points = Tensor::allocate(z.dtype(), shape);
    for (std::int64_t i = 0; i < grids; ++i) {
      qparams.zero_points.mutable_data<std::uint8_t>()[i] = z.data<std::uint8_t>()[z.size() == 1 ? 0 : i];
    }
  }
  return qparams;
}

QuantizedTensor operand(const KernelIo& io, std::size_t codes, std::size_t scale, std::size_t zero_point, int axis) {
  const Tensor& q = io.in(codes);
  const Tensor z = io.has(zero_point) ? io.in(zero_point) : Tensor();
  const Tensor s = scale == codes ? Tensor() : io.in(scale);
  return {q, grids_of(q.dtype(), s, z, axis)};
}

TensorQParams output_grid(const Tensor& scale, const Tensor& zero_point) {
  return {.scheme = {.dtype = zero_point.dtype()},
          .scales = Tensor::scalar(scale_at(scale, 0)),
          .zero_points = zero_point.reshaped({})};
}

TensorQParams output_grid(const KernelIo& io, std::size_t scale, std::size_t zero_point) {
  return output_grid(io.in(scale), io.in(zero_point));
}

bool are_known(const OpSite& site, std::initializer_list<std::size_t> inputs) {
  return std::all_of(inputs.begin(), inputs.end(),
                     [&](std::size_t i) { return !site.has(i) || site.input(i).constant; });
}

Tensor known(const OpSite& site, std::size_t input) { return site.has(input) ? site.input(input).constant : Tensor(); }

void copy_out(const Tensor& result, Tensor& out) {
  if (result.bytes() != out.bytes()) {
    fail(ErrorKind::internal, "integer operator", "planned {} {}, computed {} {}", name(out.dtype()),
         to_string(out.shape()), name(result.dtype()), to_string(result.shape()));
  }
  std::memcpy(out.mutable_raw(), result.raw(), out.bytes());
}

void require_bytes(const OpSite& site, std::size_t input) {
  const DType dtype = site.input(input).dtype;
  if (dtype != DType::u8 && dtype != DType::i8) site.unsupported("{} is not offered", name(dtype));
}

void require_scale(const OpSite& site, std::size_t input, std::int64_t grids) {
  const ValueFacts& scale = site.input(input);
  if (!is_float(scale.dtype) || bits(scale.dtype) < 16)
    site.unsupported("a scale of {} is not offered", name(scale.dtype));
  const std::int64_t count = element_count(scale.shape);
  if (count == 1 || count == grids) return;
  if (grids == 1) site.unsupported("several scales, {}, are not offered for input {}", to_string(scale.shape), input);
  site.invalid("the scale has shape {}, not one element or {}", to_string(scale.shape), grids);
}

void require_zero_point(const OpSite& site, std::size_t input, std::size_t codes, std::int64_t grids) {
  if (!site.has(input)) return;
  const ValueFacts& zero_point = site.input(input);
  if (zero_point.dtype != site.input(codes).dtype) {
    site.invalid("the zero point is {}, the codes {}", name(zero_point.dtype), name(site.input(codes).dtype));
  }
  const std::int64_t count = element_count(zero_point.shape);
  if (count == 1 || count == grids) return;
  if (grids == 1) {
    site.unsupported("several zero points, {}, are not offered for input {}", to_string(zero_point.shape), input);
  }
  site.invalid("the zero point has shape {}, not one element or {}", to_string(zero_point.shape), grids);
}

}  // namespace zeropoint
