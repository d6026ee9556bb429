#include <cstring>

#include "kernels/dense/dense.h"
#include "kernels/dense/tiles.h"
#include "kernels/movement/transpose_tile.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kChunk = 256;  // rows that are summed before they meet the rest
constexpr auto kFloat = static_cast<std::int64_t>(sizeof(float));

}  // namespace

GramMatrix::GramMatrix(std::int64_t columns)
    : columns_(columns),
      chunk_(Tensor::allocate(DType::f32, {kChunk, columns})),
      transposed_(Tensor::allocate(DType::f32, {columns, kChunk})),
      panels_(Tensor::allocate(DType::f32, {packed_rhs_size(kChunk, columns)})),
      sum_(Tensor::zeros(DType::f32, {columns, columns})) {}

void GramMatrix::add(const float* x, std::int64_t rows, std::int64_t row_step) {
  float* chunk = chunk_.mutable_data<float>();
  for (std::int64_t r = 0; r < rows; ++r) {
    std::memcpy(chunk + buffered_ * columns_, x + r * row_step, static_cast<std::size_t>(columns_ * kFloat));
    if (++buffered_ == kChunk) add_chunk();
  }
  rows_ += rows;
}

void GramMatrix::add_chunk() {
  const std::int64_t k = buffered_;
  const float* chunk = chunk_.data<float>();
  float* transposed = transposed_.mutable_data<float>();
  parallel_ranges(columns_, kTile, [&](std::int64_t begin, std::int64_t end) {
    transpose_tile_f32(chunk + begin, columns_, k, end - begin, transposed + begin * k, k);
  });
  pack_rhs_parallel(chunk, columns_, 1, k, columns_, panels_.mutable_data<float>());
  run_lower({.m = columns_,
             .n = columns_,
             .k = k,
             .a = transposed,
             .packed = panels_.data<float>(),
             .alpha = 1,
             .c = sum_.mutable_data<float>(),
             .c_row_step = columns_});
  buffered_ = 0;
}

Tensor GramMatrix::finish(float factor) {
  if (buffered_ > 0) add_chunk();
  float* sum = sum_.mutable_data<float>();
  parallel_ranges(columns_, kTile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      for (std::int64_t c = 0; c <= r; ++c) sum[r * columns_ + c] *= factor;
    }
  });
  parallel_ranges(columns_, kTile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < columns_; r += kTile) {
      const std::int64_t tile_end = std::min(columns_, r + kTile);
      for (std::int64_t i = begin; i < end; ++i) {
        for (std::int64_t j = std::max(r, i + 1); j < tile_end; ++j) sum[i * columns_ + j] = sum[j * columns_ + i];
      }
    }
  });
  return std::move(sum_);
}

}  // namespace zeropoint
