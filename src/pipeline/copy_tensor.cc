#include "pipeline/copy_tensor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/interrupt.h"
#include "base/parallel.h"
#include "kernels/minmax/minmax.h"
#include "methods/finite_weight.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kPart = 1 << 18;  // bytes that stay in a cache between being checked and being written

std::string place(const Checkpoint& checkpoint, const StoredTensor& tensor) {
  return fmt::format("{}: '{}'", checkpoint.path.string(), tensor.name);
}

bool is_real(DType dtype) { return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16; }

}  // namespace

void require_finite(const Checkpoint& checkpoint, const StoredTensor& tensor) {
  check_interrupt();
  const Tensor values = checkpoint.weights->read(tensor);
  if (is_real(values.dtype())) require_finite(values, place(checkpoint, tensor));
  if (tensor.encoding.empty()) checkpoint.weights->release(tensor);
}

void copy_tensor(const Checkpoint& checkpoint, const StoredTensor& tensor, bool must_be_finite,
                 SafetensorsWriter& writer) {
  const Tensor values = checkpoint.weights->read(tensor);
  const auto* bytes = static_cast<const std::byte*>(values.stored());
  const std::uint64_t total = values.bytes();
  const std::uint64_t element = std::max(1, bits(values.dtype()) / 8);
  const auto do_part = [&](std::int64_t begin, std::int64_t end) {
    if (must_be_finite && is_real(values.dtype())) {
      const auto first = static_cast<std::int64_t>(static_cast<std::uint64_t>(begin) / element);
      const auto last = static_cast<std::int64_t>(static_cast<std::uint64_t>(end) / element);
      std::vector<float> buffer;
      if (!minmax_f32(load_f32(values, first, last, buffer), last - first).is_finite) {
        fail_not_finite(values, place(checkpoint, tensor));
      }
    }
    writer.write(tensor.name, static_cast<std::uint64_t>(begin),
                 {bytes + begin, static_cast<std::size_t>(end - begin)});
  };
  for (std::uint64_t begin = 0; begin < total; begin += kCopyPiece) {
    check_interrupt();
    const auto offset = static_cast<std::int64_t>(begin);
    const auto size = static_cast<std::int64_t>(std::min(total - begin, kCopyPiece));
    parallel_ranges(size, kPart, [&](std::int64_t from, std::int64_t to) { do_part(offset + from, offset + to); });
    if (tensor.encoding.empty()) checkpoint.weights->release(tensor);
  }
}

}  // namespace zeropoint
