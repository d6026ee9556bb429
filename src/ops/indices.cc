#include "ops/indices.h"

namespace zeropoint {
namespace {

template <class Index>
void read(const Tensor& indices, std::int64_t dim, const std::string& where, std::span<std::int64_t> to) {
  const auto values = indices.values<Index>();
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto index = static_cast<std::int64_t>(values[i]);
    if (index < -dim || index >= dim) {
      fail(ErrorKind::invalid_data, where, "index {} at position {} is outside [{}, {}]", index, i, -dim, dim - 1);
    }
    to[i] = index < 0 ? index + dim : index;
  }
}

}  // namespace

void check_index_type(const OpSite& site, std::size_t i) {
  const DType dtype = site.input(i).dtype;
  if (dtype != DType::i32 && dtype != DType::i64) {
    site.invalid("input {} (indices) is {}; int32 or int64 is expected", i, name(dtype));
  }
}

void read_indices(const Tensor& indices, std::int64_t dim, const std::string& where, std::span<std::int64_t> to) {
  if (indices.dtype() == DType::i32) {
    read<std::int32_t>(indices, dim, where, to);
  } else {
    read<std::int64_t>(indices, dim, where, to);
  }
}

}  // namespace zeropoint
