#include "ops/indices.h"

#include <utility>

namespace zeropoint {
namespace {

std::int64_t checked(std::int64_t index, std::int64_t dim, std::size_t position, const std::string& where) {
  if (index < -dim || index >= dim) {
    fail(ErrorKind::invalid_data, where, "index {} at position {} is outside [{}, {}]", index, position, -dim, dim - 1);
  }
  return index < 0 ? index + dim : index;
}

template <class Body>
void with_values(const Tensor& indices, const Body& body) {
  if (indices.dtype() == DType::i32) {
    body(indices.data<std::int32_t>());
  } else {
    body(indices.data<std::int64_t>());
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
  with_values(indices, [&](const auto* values) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = checked(values[i], dim, i, where);
  });
}

TupleReader::TupleReader(const OpSite& site, Shape dims, Shape strides)
    : where_(site.node.label), dims_(std::move(dims)), strides_(std::move(strides)) {}

void TupleReader::read(const Tensor& indices, std::span<std::int64_t> offsets) const {
  with_values(indices, [&](const auto* values) {
    std::size_t position = 0;
    for (std::int64_t& offset : offsets) {
      offset = 0;
      for (std::size_t k = 0; k < dims_.size(); ++k, ++position) {
        offset += checked(values[position], dims_[k], position, where_) * strides_[k];
      }
    }
  });
}

}  // namespace zeropoint
