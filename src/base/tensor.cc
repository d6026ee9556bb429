#include "zeropoint/tensor.h"

#include <sys/mman.h>

#include <fmt/ranges.h>

#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>
#include <new>
#include <utility>

#include "base/fail.h"

namespace zeropoint {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kHugeFrom = 4 * kHugePage;  // below it rounding up would waste memory
constexpr std::size_t kAlignment = 64;            // one cache line, one AVX-512 vector

std::shared_ptr<void> allocate_bytes(std::size_t bytes) {
  const std::size_t alignment = bytes < kHugeFrom ? kAlignment : kHugePage;
  const std::size_t rounded = (bytes + alignment) / alignment * alignment;  // at least one line
  void* p = std::aligned_alloc(alignment, rounded);
  if (p == nullptr) fail(ErrorKind::io, "memory", "cannot allocate {} bytes", bytes);
  if (alignment == kHugePage) ::madvise(p, rounded, MADV_HUGEPAGE);  // a hint: one page fault instead of 512
  return {p, std::free};
}

bool is_misaligned(const void* data, DType dtype) {
  if (dtype == DType::string) return false;
  const int width = bits(dtype) / 8;
  const auto alignment = static_cast<std::uintptr_t>(width > 8 ? 8 : width);  // complex128 is a pair of doubles
  return alignment > 1 && reinterpret_cast<std::uintptr_t>(data) % alignment != 0;
}

}  // namespace

struct Tensor::AlignedCopy {
  std::once_flag once;
  std::shared_ptr<void> bytes;
};

const void* Tensor::aligned_elements() const {
  std::call_once(aligned_->once, [this] {
    aligned_->bytes = allocate_bytes(bytes());
    if (bytes() > 0) std::memcpy(aligned_->bytes.get(), data_, bytes());
  });
  return aligned_->bytes.get();
}

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t dim : shape) {
    if (dim < 0) fail(ErrorKind::invalid_data, "shape", "negative dimension in {}", to_string(shape));
    if (__builtin_mul_overflow(count, dim, &count)) {
      fail(ErrorKind::invalid_data, "shape", "{} has more elements than fit in 64 bits", to_string(shape));
    }
  }
  return count;
}

std::size_t storage_bytes(DType dtype, std::int64_t count) {
  if (dtype == DType::string) return static_cast<std::size_t>(count) * sizeof(std::string);
  const auto n = static_cast<std::size_t>(count);
  const auto width = static_cast<std::size_t>(bits(dtype));
  if (width >= 8) {
    std::size_t total = 0;
    if (__builtin_mul_overflow(n, width / 8, &total) || total > std::numeric_limits<std::ptrdiff_t>::max()) {
      fail(ErrorKind::invalid_data, "tensor", "{} elements of {} exceed the address space", count, name(dtype));
    }
    return total;
  }
  const std::size_t per_byte = width == 0 ? 1 : 8 / width;
  return n / per_byte + (n % per_byte != 0 ? 1 : 0);
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

Tensor Tensor::allocate(DType dtype, Shape shape) {
  const std::int64_t count = element_count(shape);
  if (dtype == DType::string)
    return of_strings(std::move(shape), std::vector<std::string>(static_cast<std::size_t>(count)));
  const std::shared_ptr<void> storage = allocate_bytes(storage_bytes(dtype, count));
  return mutable_view(dtype, std::move(shape), storage.get(), storage);
}

Tensor Tensor::zeros(DType dtype, Shape shape) {
  Tensor t = allocate(dtype, std::move(shape));
  if (dtype != DType::string && t.bytes() > 0) std::memset(t.mutable_raw(), 0, t.bytes());
  return t;
}

Tensor Tensor::mutable_view(DType dtype, Shape shape, void* data, std::shared_ptr<const void> owner) {
  Tensor t = view(dtype, std::move(shape), data, std::move(owner));
  if (t.aligned_) fail(ErrorKind::internal, "tensor", "a writable view of {} at a misaligned address", name(dtype));
  t.writable_ = true;
  return t;
}

Tensor Tensor::view(DType dtype, Shape shape, const void* data, std::shared_ptr<const void> owner) {
  Tensor t;
  t.size_ = element_count(shape);
  t.dtype_ = dtype;
  t.shape_ = std::move(shape);
  t.data_ = const_cast<void*>(data);  // NOLINT: mutable_raw() guards writes with writable_
  t.owner_ = std::move(owner);
  if (is_misaligned(data, dtype)) t.aligned_ = std::make_shared<AlignedCopy>();
  return t;
}

Tensor Tensor::of_strings(Shape shape, std::vector<std::string> values) {
  auto storage = std::make_shared<std::vector<std::string>>(std::move(values));
  if (element_count(shape) != static_cast<std::int64_t>(storage->size())) {
    fail(ErrorKind::invalid_data, "tensor", "{} strings for shape {}", storage->size(), to_string(shape));
  }
  void* data = storage.get();
  return mutable_view(DType::string, std::move(shape), data, std::move(storage));
}

const std::vector<std::string>& Tensor::strings() const {
  if (dtype_ != DType::string) fail(ErrorKind::internal, "tensor", "{} has no strings", name(dtype_));
  return *static_cast<const std::vector<std::string>*>(data_);
}

void* Tensor::mutable_raw() {
  if (!writable_) fail(ErrorKind::internal, "tensor", "write to a read-only view");
  return data_;
}

Tensor Tensor::clone() const {
  if (dtype_ == DType::string) return of_strings(shape_, strings());
  Tensor t = allocate(dtype_, shape_);
  if (bytes() > 0) std::memcpy(t.mutable_raw(), data_, bytes());
  return t;
}

Tensor Tensor::reshaped(Shape shape) const {
  if (element_count(shape) != size_) {
    fail(ErrorKind::invalid_data, "reshape", "{} has {} elements, {} does not", to_string(shape_), size_,
         to_string(shape));
  }
  Tensor t = *this;
  t.shape_ = std::move(shape);
  return t;
}

}  // namespace zeropoint
