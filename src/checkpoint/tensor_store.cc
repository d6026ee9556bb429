#include "checkpoint/tensor_store.h"

#include <algorithm>
#include <vector>

#include "base/fail.h"
#include "base/parallel.h"
#include "kernels/small_float/small_float.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kGrain = 1 << 16;  // elements per task

bool is_wide_float(DType dtype) {
  return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

}  // namespace

const StoredTensor* TensorStore::find(std::string_view name) const {
  const auto all = tensors();
  const auto at = std::ranges::find(all, name, &StoredTensor::name);
  return at == all.end() ? nullptr : &*at;
}

Tensor read_f32(const TensorStore& store, const StoredTensor& stored) {
  const Tensor x = store.read(stored);
  if (x.dtype() == DType::f32) return x;
  const SmallFloat* small = small_float(x.dtype());
  if (!is_wide_float(x.dtype()) && (small == nullptr || bits(x.dtype()) != 8)) {
    fail(ErrorKind::unsupported, stored.name, "its elements are {}, floats are wanted", name(x.dtype()));
  }
  Tensor y = Tensor::allocate(DType::f32, x.shape());
  auto* to = y.mutable_data<float>();
  const void* from = x.raw();
  if (small != nullptr) {
    const DecodeTable table(*small);
    parallel_ranges(x.size(), kGrain, [&](std::int64_t begin, std::int64_t end) {
      decode_f32(static_cast<const std::uint8_t*>(from) + begin, end - begin, 1.0F, table, to + begin);
    });
    return y;
  }
  parallel_ranges(x.size(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> buffer;
    std::copy_n(load_f32(x, begin, end, buffer), end - begin, to + begin);
  });
  return y;
}

}  // namespace zeropoint
