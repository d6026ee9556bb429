#include "plan/verify.h"

#include <algorithm>
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
  bool is_real = false;
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

void add(const Tensor& real, const Tensor& quantized, const std::string& output, const std::string& file, Sums& sums) {
  check_same_kind(real, quantized, output, file);
  sums.elements += real.size();
  sums.is_real = is_float(real.dtype()) && bits(real.dtype()) >= 16;
  if (sums.is_real) {
    add_reals(real, quantized, output, file, sums);
  } else {
    add_codes(real, quantized, sums);
  }
}

OutputError summarize(const std::string& output, const Sums& sums) {
  OutputError error{.name = output, .is_real = sums.is_real, .max_abs_error = sums.max_abs_error};
  error.sqnr_db = sums.noise > 0 ? 10 * std::log10(sums.signal / sums.noise) : std::numeric_limits<double>::infinity();
  if (sums.elements > 0) error.agreement = static_cast<double>(sums.equal) / static_cast<double>(sums.elements);
  return error;
}

}  // namespace

Reference::Reference(Program& model, std::vector<std::vector<Tensor>> batches) : batches_(std::move(batches)) {
  for (const ProgramValue& output : model.outputs()) names_.push_back(output.name);
  for (const std::vector<Tensor>& batch : batches_) answers_.push_back(model.run(batch));
}

std::vector<OutputError> Reference::compare(Program& quantized, const std::string& file) const {
  if (quantized.outputs().size() != names_.size()) {
    fail(ErrorKind::invalid_model, file, "it has {} outputs, the float model {}", quantized.outputs().size(),
         names_.size());
  }
  std::vector<Sums> sums(names_.size());
  for (std::size_t b = 0; b < batches_.size(); ++b) {
    const std::vector<Tensor> outputs = quantized.run(batches_[b]);
    for (std::size_t i = 0; i < names_.size(); ++i) add(answers_[b][i], outputs[i], names_[i], file, sums[i]);
  }
  std::vector<OutputError> errors;
  for (std::size_t i = 0; i < names_.size(); ++i) errors.push_back(summarize(names_[i], sums[i]));
  return errors;
}

double nearness(std::span<const OutputError> outputs) {
  const bool is_real = std::ranges::any_of(outputs, &OutputError::is_real);
  double lowest = std::numeric_limits<double>::infinity();
  for (const OutputError& output : outputs) {
    if (output.is_real == is_real) lowest = std::min(lowest, is_real ? output.sqnr_db : output.agreement);
  }
  return lowest;
}

}  // namespace zeropoint
