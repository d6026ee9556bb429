#include "tensor/grids.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/fail.h"
#include "quant/codes.h"

namespace zeropoint {

void require_real(DType dtype, std::string_view name) {
  if (dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f64) return;
  fail(ErrorKind::invalid_option, std::string(name),
       "{} is not a type of real values; float32, float16, bfloat16 and float64 are", zeropoint::name(dtype));
}

void require_integer_codes(DType dtype, std::string_view name) {
  if (has_integer_codes(dtype)) return;
  fail(ErrorKind::invalid_option, std::string(name), "{} has no integer codes", zeropoint::name(dtype));
}

void require_form(const Tensor& t, DType dtype, const Shape& shape) {
  if (t.dtype() == dtype && t.shape() == shape) return;
  fail(ErrorKind::internal, "tensor", "{} {} where {} {} is needed", name(t.dtype()), to_string(t.shape()), name(dtype),
       to_string(shape));
}

Grids open_grids(const Shape& shape, const TensorQParams& qparams, std::string_view name) {
  const Scheme& scheme = qparams.scheme;
  const std::string where(name);
  Grids grids{.dtype = scheme.dtype, .layout = grid_layout(shape, scheme), .format = small_float(scheme.dtype)};
  const std::int64_t count = grid_count(grids.layout);
  if (qparams.scales.dtype() != DType::f32 || qparams.scales.size() != count) {
    fail(ErrorKind::invalid_data, where, "{} scales for shape {}, which has {} {} grid{}", qparams.scales.size(),
         to_string(shape), count, zeropoint::name(scheme.granularity), count == 1 ? "" : "s");
  }
  grids.scales = qparams.scales.data<float>();
  for (std::int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(grids.scales[i]) || grids.scales[i] <= 0) {
      fail(ErrorKind::invalid_data, where, "scale {} of grid {} must be positive and finite", grids.scales[i], i);
    }
  }
  grids.zero_points.assign(static_cast<std::size_t>(count), 0);
  if (!has_integer_codes(scheme.dtype)) return grids;
  grids.codes = code_range(scheme);
  if (!qparams.zero_points) return grids;
  if (qparams.zero_points.dtype() != scheme.dtype || qparams.zero_points.size() != count) {
    fail(ErrorKind::invalid_data, where, "{} {} zero points for {} {} grids", qparams.zero_points.size(),
         zeropoint::name(qparams.zero_points.dtype()), count, zeropoint::name(scheme.dtype));
  }
  for (std::int64_t i = 0; i < count; ++i) {
    grids.zero_points[static_cast<std::size_t>(i)] = load_code(scheme.dtype, qparams.zero_points.raw(), i);
  }
  return grids;
}

std::int64_t chunk_size(const Grids& grids) {
  constexpr std::int64_t kChunk = 1 << 16;
  constexpr std::int64_t kPackedByte = 4;  // most codes in a byte
  const std::int64_t period = std::max<std::int64_t>(1, std::lcm(patch_period(grids.layout), kPackedByte));
  return period > kChunk ? kChunk : kChunk / period * period;
}

std::vector<std::int32_t> codes_of(const Tensor& q) {
  require_integer_codes(q.dtype(), "codes");
  std::vector<std::int32_t> codes(static_cast<std::size_t>(q.size()));
  for (std::int64_t i = 0; i < q.size(); ++i) codes[static_cast<std::size_t>(i)] = load_code(q.dtype(), q.raw(), i);
  return codes;
}

Tensor tensor_of_codes(DType dtype, Shape shape, std::span<const std::int32_t> codes) {
  require_integer_codes(dtype, "codes");
  Tensor q = Tensor::zeros(dtype, std::move(shape));
  if (q.size() != static_cast<std::int64_t>(codes.size())) {
    fail(ErrorKind::invalid_data, "codes", "{} codes for shape {}", codes.size(), to_string(q.shape()));
  }
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] < min_code(dtype) || codes[i] > max_code(dtype)) {
      fail(ErrorKind::invalid_data, "codes", "{} at {} is no {} code", codes[i], i, name(dtype));
    }
    store_code(dtype, q.mutable_raw(), static_cast<std::int64_t>(i), codes[i]);
  }
  return q;
}

}  // namespace zeropoint
