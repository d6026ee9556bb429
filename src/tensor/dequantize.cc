// Codes to real tensors, for every type and granularity.
#include "base/parallel.h"
#include "tensor/chunk.h"
#include "tensor/reals.h"

namespace zeropoint {

void dequantize_on(const Grids& grids, const Tensor& q, Tensor& x) {
  constexpr std::size_t kStreamingBytes = std::size_t{16} << 20;  // a result of this size leaves the cache
  const bool is_packed = bits(grids.dtype) < 8;
  const bool is_f32 = x.dtype() == DType::f32;
  const Store store = is_f32 && x.bytes() >= kStreamingBytes ? Store::streaming : Store::cached;
  const auto* codes = static_cast<const std::byte*>(q.raw());
  x.mutable_raw();
  parallel_ranges(q.size(), chunk_size(grids), [&](std::int64_t begin, std::int64_t end) {
    thread_local std::vector<float> reals;
    thread_local std::vector<std::byte> unpacked_codes;
    const std::int64_t n = end - begin;
    const std::byte* from = codes + begin * code_bytes(grids.dtype);
    if (is_packed) {
      unpacked_codes.resize(static_cast<std::size_t>(n));
      unpack_codes(grids.dtype, codes + storage_bytes(grids.dtype, begin), n, unpacked_codes.data());
      from = unpacked_codes.data();
    }
    if (!is_f32) reals.resize(static_cast<std::size_t>(n));
    float* to = is_f32 ? x.mutable_data<float>() + begin : reals.data();
    dequantize_chunk(grids, from, begin, end, to, store);
    if (!is_f32) store_f32(x, begin, to, n);
  });
}

void dequantize_into(const Tensor& q, const TensorQParams& qparams, Tensor& x) {
  require_real(x.dtype(), "tensor");
  require_form(x, x.dtype(), q.shape());
  require_form(q, qparams.scheme.dtype, q.shape());
  dequantize_on(open_grids(q.shape(), qparams, "tensor"), q, x);
}

Tensor dequantize(const Tensor& q, const TensorQParams& qparams, DType out) {
  require_real(out, "tensor");
  Tensor x = Tensor::allocate(out, q.shape());
  dequantize_into(q, qparams, x);
  return x;
}

}  // namespace zeropoint
