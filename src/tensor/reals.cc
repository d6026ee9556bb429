#include "tensor/reals.h"

#include <cmath>

#include "base/fail.h"

namespace zeropoint {

void check_finite(const Tensor& x, const QuantizeOptions& options) {
  if (options.nan == NanPolicy::zero && options.inf == InfPolicy::clip) return;
  std::int64_t nans = 0;
  std::int64_t infinities = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double value = load_real(x.dtype(), x.raw(), i);
    nans += std::isnan(value) ? 1 : 0;
    infinities += std::isinf(value) ? 1 : 0;
  }
  if (nans > 0 && options.nan == NanPolicy::error) {
    fail(ErrorKind::invalid_data, std::string(options.name), "{} of {} values are NaN; fix the data or pass --nan=zero",
         nans, x.size());
  }
  if (infinities > 0 && options.inf == InfPolicy::error) {
    fail(ErrorKind::invalid_data, std::string(options.name),
         "{} of {} values are infinite; fix the data or pass --inf=clip", infinities, x.size());
  }
}

}  // namespace zeropoint
