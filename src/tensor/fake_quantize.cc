// Real tensors through a grid and back. float32 on one grid takes one pass; everything else goes
// through the codes of a chunk at a time, which stay in the cache.
#include <atomic>

#include "base/parallel.h"
#include "kernels/fake_quantize/fake_quantize.h"
#include "tensor/chunk.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

bool takes_one_pass(const Tensor& x, const Grids& grids) {
  return x.dtype() == DType::f32 && grids.layout.granularity == Granularity::per_tensor && grids.format == nullptr &&
         bits(grids.dtype) <= 16;
}

}  // namespace

Tensor fake_quantize(const Tensor& x, const TensorQParams& qparams, const QuantizeOptions& options) {
  require_real(x.dtype(), options.name);
  if (x.dtype() == DType::f64) return dequantize(quantize(x, qparams, options), qparams, DType::f64);
  const Grids grids = open_grids(x.shape(), qparams, options.name);
  const bool one_pass = takes_one_pass(x, grids);
  const bool is_f32 = x.dtype() == DType::f32;
  Tensor y = Tensor::allocate(x.dtype(), x.shape());
  std::atomic<bool> all_finite = true;
  parallel_ranges(x.size(), chunk_size(grids), [&](std::int64_t begin, std::int64_t end) {
    thread_local std::vector<float> reals;
    thread_local std::vector<std::byte> codes;
    if (one_pass) {
      const CodeGrid grid = grids.span(0, 1)[0];
      if (!fake_quantize_f32(x.data<float>() + begin, end - begin, grid, y.mutable_data<float>() + begin))
        all_finite = false;
      return;
    }
    codes.resize(static_cast<std::size_t>((end - begin) * code_bytes(grids.dtype)));
    if (!quantize_chunk(grids, load_f32(x, begin, end, reals), begin, end, codes.data())) all_finite = false;
    reals.resize(static_cast<std::size_t>(end - begin));
    float* to = is_f32 ? y.mutable_data<float>() + begin : reals.data();
    dequantize_chunk(grids, codes.data(), begin, end, to);
    if (!is_f32) store_f32(y, begin, to, end - begin);
  });
  if (!all_finite && !allows_everything(options)) check_finite(x, options);
  return y;
}

}  // namespace zeropoint
