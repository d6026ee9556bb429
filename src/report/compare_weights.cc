#include "report/compare_weights.h"

#include "base/fail.h"
#include "base/interrupt.h"

namespace zeropoint {
namespace {

WeightError error_of(const TensorStore& first, const StoredTensor& a, const TensorStore& second,
                     const StoredTensor& b) {
  if (a.shape != b.shape) {
    fail(ErrorKind::invalid_model, a.name, "has the shape {} in one checkpoint and {} in the other", to_string(a.shape),
         to_string(b.shape));
  }
  WeightError row{.name = a.name,
                  .shape = a.shape,
                  .stored = b.encoding.empty() ? std::string(name(b.dtype)) : b.encoding,
                  .error = {}};
  const std::int64_t count = element_count(a.shape);
  if (count > 0) row.bits_per_weight = 8.0 * static_cast<double>(b.bytes) / static_cast<double>(count);
  try {
    row.error.add(read_f32(first, a), read_f32(second, b));
  } catch (const Error& error) {
    if (!error.where().empty()) throw;
    throw Error(error.kind(), fmt::format("'{}'", a.name),
                fmt::format("{} in one of the checkpoints", error.message()));
  }
  first.release(a);
  second.release(b);
  return row;
}

}  // namespace

WeightComparison compare_weights(const TensorStore& first, const TensorStore& second, const OnProgress& on_progress) {
  WeightComparison result;
  std::int64_t total = 0;
  std::int64_t done = 0;
  for (const StoredTensor& tensor : second.tensors()) {
    total += static_cast<std::int64_t>(tensor.bytes);
    if (is_float(tensor.dtype) && first.find(tensor.name) == nullptr) result.only_second.push_back(tensor.name);
  }
  for (const StoredTensor& tensor : first.tensors()) {
    check_interrupt();
    if (!is_float(tensor.dtype)) continue;
    const StoredTensor* other = second.find(tensor.name);
    if (other == nullptr) {
      result.only_first.push_back(tensor.name);
      continue;
    }
    if (!is_float(other->dtype)) {
      fail(ErrorKind::invalid_model, tensor.name, "is {} in one checkpoint and {} in the other", name(tensor.dtype),
           name(other->dtype));
    }
    result.weights.push_back(error_of(first, tensor, second, *other));
    done += static_cast<std::int64_t>(other->bytes);
    if (on_progress) on_progress(done, total);
  }
  return result;
}

}  // namespace zeropoint
