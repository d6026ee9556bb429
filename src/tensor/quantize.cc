// Real tensors to codes, for every type and granularity.
#include <atomic>
#include <cmath>

#include "base/parallel.h"
#include "quant/codes.h"
#include "tensor/chunk.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr std::size_t kStreamingBytes = std::size_t{8} << 20;  // a result of this size leaves the cache

/// float64 divides in float64: value by value.
bool quantize_f64(const Grids& grids, const double* x, std::int64_t begin, std::int64_t end, void* codes) {
  bool finite = true;
  for_each_patch(grids.layout, begin, end, [&](const Patch& patch) {
    for (std::int64_t i = 0; i < patch.elements(); ++i) {
      const double value = x[patch.begin + i];
      const std::int64_t grid = patch.grid + (patch.kind == Patch::Kind::runs ? i / patch.size : i % patch.size);
      const double scale = grids.scales[grid];
      const std::int64_t at = patch.begin + i - begin;
      finite &= std::isfinite(value);
      if (grids.format != nullptr) {
        static_cast<std::uint8_t*>(codes)[at] = std::isnan(value) ? 0 : encode(value / scale, *grids.format, true);
        continue;
      }
      const std::int32_t zero_point = grids.zero_points[static_cast<std::size_t>(grid)];
      store_code(unpacked_type(grids.dtype), codes, at, quantize_value<double>(value, scale, zero_point, grids.codes));
    }
  });
  return finite;
}

}  // namespace

bool quantize_on(const Grids& grids, const Tensor& x, Tensor& q) {
  const bool is_packed = bits(grids.dtype) < 8;
  const Store store = q.bytes() >= kStreamingBytes ? Store::streaming : Store::cached;
  auto* out = static_cast<std::byte*>(q.mutable_raw());
  std::atomic<bool> all_finite = true;
  parallel_ranges(x.size(), chunk_size(grids), [&](std::int64_t begin, std::int64_t end) {
    thread_local std::vector<float> reals;
    thread_local std::vector<std::byte> unpacked_codes;
    const auto bytes = static_cast<std::size_t>((end - begin) * code_bytes(grids.dtype));
    if (is_packed) unpacked_codes.resize(bytes);
    std::byte* to = is_packed ? unpacked_codes.data() : out + begin * code_bytes(grids.dtype);
    const bool finite = x.dtype() == DType::f64 ? quantize_f64(grids, x.data<double>(), begin, end, to)
                                                : quantize_chunk(grids, load_f32(x, begin, end, reals), begin, end, to,
                                                                 is_packed ? Store::cached : store);
    if (is_packed) pack_codes(grids.dtype, to, end - begin, out + storage_bytes(grids.dtype, begin));
    if (!finite) all_finite = false;
  });
  return all_finite;
}

void quantize_into(const Tensor& x, const TensorQParams& qparams, Tensor& q, const QuantizeOptions& options) {
  require_real(x.dtype(), options.name);
  require_form(q, qparams.scheme.dtype, x.shape());
  const Grids grids = open_grids(x.shape(), qparams, options.name);
  if (!quantize_on(grids, x, q) && !allows_everything(options)) check_finite(x, options);
}

Tensor quantize(const Tensor& x, const TensorQParams& qparams, const QuantizeOptions& options) {
  Tensor q = Tensor::allocate(qparams.scheme.dtype, x.shape());
  quantize_into(x, qparams, q, options);
  return q;
}

}  // namespace zeropoint
