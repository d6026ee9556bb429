// Real tensors to codes and back, for every type and granularity.
#include <cmath>

#include "base/fail.h"
#include "base/parallel.h"
#include "quant/codes.h"
#include "tensor/grids.h"
#include "tensor/reals.h"

namespace zeropoint {

void quantize_into(const Tensor& x, const TensorQParams& qparams, Tensor& q, const QuantizeOptions& options) {
  require_real(x.dtype(), options.name);
  require_destination(q, qparams.scheme.dtype, x.shape());
  const Grids grids = open_grids(x.shape(), qparams, options.name);
  check_finite(x, options);
  const DType dtype = qparams.scheme.dtype;
  void* out = q.mutable_raw();
  parallel_ranges(x.size(), kChunk, [&](std::int64_t begin, std::int64_t end) {
    for_each_segment(grids.layout, begin, end, [&](const Segment& segment) {
      for (std::int64_t i = 0; i < segment.size; ++i) {
        const std::int64_t grid = segment.grid + segment.stride * i;
        const std::int32_t zero_point = grids.zero_points[static_cast<std::size_t>(grid)];
        const double value = load_real(x.dtype(), x.raw(), segment.begin + i);
        const float scale = grids.scales[grid];
        const std::int32_t code =
            x.dtype() == DType::f64 ? quantize_value<double>(value, scale, zero_point, grids.codes)
                                    : quantize_value<float>(static_cast<float>(value), scale, zero_point, grids.codes);
        store_code(dtype, out, segment.begin + i, code);
      }
    });
  });
}

Tensor quantize(const Tensor& x, const TensorQParams& qparams, const QuantizeOptions& options) {
  Tensor q = Tensor::allocate(qparams.scheme.dtype, x.shape());
  quantize_into(x, qparams, q, options);
  return q;
}

void dequantize_into(const Tensor& q, const TensorQParams& qparams, Tensor& x) {
  require_real(x.dtype(), "tensor");
  require_destination(x, x.dtype(), q.shape());
  require_destination(q, qparams.scheme.dtype, q.shape());
  const Grids grids = open_grids(q.shape(), qparams, "tensor");
  void* out = x.mutable_raw();
  parallel_ranges(q.size(), kChunk, [&](std::int64_t begin, std::int64_t end) {
    for_each_segment(grids.layout, begin, end, [&](const Segment& segment) {
      for (std::int64_t i = 0; i < segment.size; ++i) {
        const std::int64_t grid = segment.grid + segment.stride * i;
        const QParams at{grids.scales[grid], grids.zero_points[static_cast<std::size_t>(grid)]};
        const std::int64_t element = segment.begin + i;
        store_real(x.dtype(), out, element, dequantize_value(load_code(q.dtype(), q.raw(), element), at));
      }
    });
  });
}

Tensor dequantize(const Tensor& q, const TensorQParams& qparams, DType out) {
  require_real(out, "tensor");
  Tensor x = Tensor::allocate(out, q.shape());
  dequantize_into(q, qparams, x);
  return x;
}

Tensor fake_quantize(const Tensor& x, const TensorQParams& qparams, const QuantizeOptions& options) {
  return dequantize(quantize(x, qparams, options), qparams, x.dtype());
}

}  // namespace zeropoint
