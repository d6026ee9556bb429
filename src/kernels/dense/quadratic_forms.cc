#include <vector>

#include "kernels/dense/dense.h"
#include "kernels/dense/tiles.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kRows = 96;    // of a chunk of work
constexpr std::int64_t kSlice = 256;  // columns that are multiplied before the next are read: they stay in the cache

/// Of the symmetric H only the lower triangle is read, block row by block row, which halves the multiplications:
///   d^T H d = sum_J d_J^T (2 H[J, <J] d_<J + H[J, J] d_J)
class BlockRow {
 public:
  BlockRow(const float* h, std::int64_t n, std::int64_t at) : at_(at), width_(std::min(kDenseBlock, n - at)) {
    const float* rows = h + at * n;
    for (std::int64_t slice = 0; slice < at; slice += kSlice) {
      const std::int64_t k = std::min(kSlice, at - slice);
      float* packed = add_piece({.n = width_, .k = k, .alpha = 2}, slice);
      pack_rhs_parallel(rows + slice, 1, n, k, width_, packed);
    }
    std::vector<float> square(static_cast<std::size_t>(width_ * width_));
    for (std::int64_t r = 0; r < width_; ++r) {
      for (std::int64_t c = 0; c <= r; ++c) {
        square[static_cast<std::size_t>(r * width_ + c)] = rows[r * n + at + c];
        square[static_cast<std::size_t>(c * width_ + r)] = rows[r * n + at + c];
      }
    }
    pack_rhs(square.data(), width_, 1, width_, width_, add_piece({.n = width_, .k = width_}, at));
  }

  /// forms[r] += this block's share, for `count` rows.
  void add(const float* rows, std::int64_t row_step, std::int64_t count, double* forms) const {
    std::vector<float> product(static_cast<std::size_t>(count * width_));
    std::vector<float> dense(static_cast<std::size_t>(count * kSlice));  // rows 4 KiB apart would fall on each other
    for (const Piece& piece : pieces_) {
      for (std::int64_t r = 0; r < count; ++r) {
        std::copy_n(rows + r * row_step + piece.column, piece.gemm.k, dense.data() + r * piece.gemm.k);
      }
      Gemm gemm = piece.gemm;
      gemm.m = count;
      gemm.a = dense.data();
      gemm.a_row_step = gemm.k;
      gemm.b = piece.packed.data();
      gemm.c = product.data();
      gemm.c_row_step = width_;
      gemm.adds_c = true;
      run_gemms({&gemm, 1});
    }
    for (std::int64_t r = 0; r < count; ++r) {
      const float* d = rows + r * row_step + at_;
      const float* hd = product.data() + r * width_;
      double sum = 0;
      for (std::int64_t c = 0; c < width_; ++c) sum += double{d[c]} * double{hd[c]};
      forms[r] += sum;
    }
  }

 private:
  struct Piece {
    Gemm gemm;
    std::int64_t column;
    std::vector<float> packed;
  };

  float* add_piece(const Gemm& gemm, std::int64_t column) {
    pieces_.push_back({gemm, column, std::vector<float>(static_cast<std::size_t>(packed_rhs_size(gemm.k, gemm.n)))});
    return pieces_.back().packed.data();
  }

  std::int64_t at_;
  std::int64_t width_;
  std::vector<Piece> pieces_;
};

}  // namespace

void quadratic_forms(const float* rows, std::int64_t row_step, std::int64_t count, const float* h, std::int64_t n,
                     double* forms) {
  std::fill_n(forms, count, 0.0);
  for (std::int64_t at = 0; at < n; at += kDenseBlock) {
    const BlockRow block(h, n, at);
    parallel_ranges(count, kRows, [&](std::int64_t begin, std::int64_t end) {
      block.add(rows + begin * row_step, row_step, end - begin, forms + begin);
    });
  }
}

}  // namespace zeropoint
