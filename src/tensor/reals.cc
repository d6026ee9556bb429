#include "tensor/reals.h"

#include <algorithm>
#include <cmath>

#include "base/fail.h"
#include "kernels/convert/convert.h"
#include "kernels/minmax/minmax.h"

namespace zeropoint {

const float* load_f32(const Tensor& x, std::int64_t begin, std::int64_t end, std::vector<float>& buffer) {
  if (x.dtype() == DType::f32) return x.data<float>() + begin;
  const std::int64_t n = end - begin;
  buffer.resize(static_cast<std::size_t>(n));
  switch (x.dtype()) {
    case DType::f16:
      convert_f16_f32(static_cast<const std::uint16_t*>(x.raw()) + begin, buffer.data(), n);
      break;
    case DType::bf16:
      convert_bf16_f32(static_cast<const std::uint16_t*>(x.raw()) + begin, buffer.data(), n);
      break;
    default:
      std::transform(x.data<double>() + begin, x.data<double>() + end, buffer.begin(),
                     [](double v) { return static_cast<float>(v); });
  }
  return buffer.data();
}

void store_f32(Tensor& x, std::int64_t begin, const float* values, std::int64_t n) {
  switch (x.dtype()) {
    case DType::f16:
      return convert_f32_f16(values, static_cast<std::uint16_t*>(x.mutable_raw()) + begin, n);
    case DType::bf16:
      return convert_f32_bf16(values, static_cast<std::uint16_t*>(x.mutable_raw()) + begin, n);
    case DType::f64:
      std::copy_n(values, n, x.mutable_data<double>() + begin);
      return;
    default:
      std::copy_n(values, n, x.mutable_data<float>() + begin);
  }
}

bool allows_everything(const QuantizeOptions& options) {
  return options.nan == NanPolicy::zero && options.inf == InfPolicy::clip;
}

void check_finite(const Tensor& x, const QuantizeOptions& options) {
  constexpr std::int64_t kPiece = 1 << 14;
  NonFinite count;
  std::vector<float> buffer;
  for (std::int64_t begin = 0; begin < x.size(); begin += kPiece) {
    const std::int64_t end = std::min(x.size(), begin + kPiece);
    NonFinite piece;
    if (x.dtype() == DType::f64) {  // a large float64 is infinite only as float32
      for (std::int64_t i = begin; i < end; ++i) {
        piece.nans += std::isnan(x.data<double>()[i]) ? 1 : 0;
        piece.infinities += std::isinf(x.data<double>()[i]) ? 1 : 0;
      }
    } else {
      piece = count_nonfinite(load_f32(x, begin, end, buffer), end - begin);
    }
    count.nans += piece.nans;
    count.infinities += piece.infinities;
  }
  if (count.nans > 0 && options.nan == NanPolicy::error) {
    fail(ErrorKind::invalid_data, std::string(options.name), "{} of {} values are NaN, which has no code", count.nans,
         x.size());
  }
  if (count.infinities > 0 && options.inf == InfPolicy::error) {
    fail(ErrorKind::invalid_data, std::string(options.name), "{} of {} values are infinite, which no range contains",
         count.infinities, x.size());
  }
}

}  // namespace zeropoint
