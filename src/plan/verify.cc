#include "plan/verify.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "base/fail.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

/// Sums over all batches, in double, in memory order.
struct Sums {
  double signal = 0;
  double noise = 0;
  double max_abs_error = 0;
  std::int64_t equal = 0;
  std::int64_t elements = 0;
};

void check_same_kind(const Tensor& real, const Tensor& quantized, const std::string& output, const std::string& file) {
  if (real.dtype() == quantized.dtype() && real.shape() == quantized.shape()) return;
  fail(ErrorKind::invalid_model, file, "output '{}' is {}{}, the float model gives {}{}", output,
       name(quantized.dtype()), to_string(quantized.shape()), name(real.dtype()), to_string(real.shape()));
}

void add_reals(const Tensor& real, const Tensor& quantized, const std::string& output, const std::string& file,
               Sums& sums) {
  for (std::int64_t i = 0; i < real.size(); ++i) {
    const double x = load_real(real.dtype(), real.raw(), i);
    const double y = load_real(quantized.dtype(), quantized.raw(), i);
    if (x == y || (std::isnan(x) && std::isnan(y))) {
      ++sums.equal;
      if (std::isfinite(x)) sums.signal += x * x;
      continue;
    }
    if (std::isfinite(x) && !std::isfinite(y)) {
      fail(ErrorKind::invalid_model, file, "output '{}' is {} at element {}, the float model gives {}", output, y, i,
           x);
    }
    if (!std::isfinite(x)) continue;
    sums.signal += x * x;
    sums.noise += (x - y) * (x - y);
    sums.max_abs_error = std::max(sums.max_abs_error, std::abs(x - y));
  }
}

void add_codes(const Tensor& real, const Tensor& quantized, Sums& sums) {
  if (real.dtype() == DType::string) {
    for (std::size_t i = 0; i < real.strings().size(); ++i)
      sums.equal += real.strings()[i] == quantized.strings()[i] ? 1 : 0;
    return;
  }
  const auto bytes = static_cast<std::int64_t>(storage_bytes(real.dtype(), 1));
  const auto* a = static_cast<const char*>(real.raw());
  const auto* b = static_cast<const char*>(quantized.raw());
  for (std::int64_t i = 0; i < real.size(); ++i) {
    const bool is_equal = std::memcmp(a + i * bytes, b + i * bytes, static_cast<std::size_t>(bytes)) == 0;
    sums.equal += is_equal ? 1 : 0;
  }
}

OutputError summarize(const std::string& output, const Sums& sums) {
  OutputError error{.name = output, .max_abs_error = sums.max_abs_error};
  error.sqnr_db = sums.noise > 0 ? 10 * std::log10(sums.signal / sums.noise) : std::numeric_limits<double>::infinity();
  if (sums.elements > 0) error.agreement = static_cast<double>(sums.equal) / static_cast<double>(sums.elements);
  return error;
}

}  // namespace

std::vector<OutputError> compare_outputs(Program& reference, Program& quantized,
                                         std::span<const std::vector<Tensor>> batches, const std::string& file) {
  const auto outputs = reference.outputs();
  std::vector<Sums> sums(outputs.size());
  for (const std::vector<Tensor>& batch : batches) {
    const std::vector<Tensor> real = reference.run(batch);
    const std::vector<Tensor> rounded = quantized.run(batch);
    if (rounded.size() != real.size()) {
      fail(ErrorKind::invalid_model, file, "it has {} outputs, the float model {}", rounded.size(), real.size());
    }
    for (std::size_t i = 0; i < real.size(); ++i) {
      check_same_kind(real[i], rounded[i], outputs[i].name, file);
      sums[i].elements += real[i].size();
      const DType dtype = real[i].dtype();
      if (dtype == DType::f32 || dtype == DType::f64 || dtype == DType::f16 || dtype == DType::bf16) {
        add_reals(real[i], rounded[i], outputs[i].name, file, sums[i]);
      } else {
        add_codes(real[i], rounded[i], sums[i]);
      }
    }
  }
  std::vector<OutputError> errors;
  for (std::size_t i = 0; i < sums.size(); ++i) errors.push_back(summarize(outputs[i].name, sums[i]));
  return errors;
}

}  // namespace zeropoint
