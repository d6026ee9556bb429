#include "exporters/gguf_rows.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/fail.h"
#include "base/parallel.h"
#include "checkpoint/gguf_architecture.h"
#include "kernels/minmax/minmax.h"
#include "methods/finite_weight.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

using kernels::GgmlType;

constexpr std::int64_t kTaskValues = 1 << 16;
constexpr std::int64_t kBatchTasks = 64;
constexpr float kLargestF16 = 65504;

/// Reads rows of a weight in GGUF's order as float32.
class RowReader {
 public:
  explicit RowReader(const GgufRows& rows) : x_(rows.weight), is_transposed_(rows.is_transposed) {
    const Shape& shape = x_.shape();
    const std::int64_t last = shape.empty() ? 1 : shape.back();
    columns_ = is_transposed_ ? shape[0] : last;
    count_ = columns_ == 0 ? 0 : x_.size() / columns_;
    if (rows.permuted_heads > 0) head_size_ = count_ / rows.permuted_heads;
  }

  std::int64_t count() const { return count_; }
  std::int64_t columns() const { return columns_; }

  /// Rows [begin, end): a pointer into the weight where they lie there as wanted, else into `buffer`.
  const float* read(std::int64_t begin, std::int64_t end, std::vector<float>& buffer, std::vector<float>& row) const {
    if (head_size_ == 0 && !is_transposed_) return load_f32(x_, begin * columns_, end * columns_, buffer);
    buffer.resize(static_cast<std::size_t>((end - begin) * columns_));
    if (is_transposed_) {
      for (std::int64_t c = 0; c < columns_; ++c) {
        const float* column = load_f32(x_, c * count_ + begin, c * count_ + end, row);
        for (std::int64_t r = begin; r < end; ++r)
          buffer[static_cast<std::size_t>((r - begin) * columns_ + c)] = column[r - begin];
      }
      return buffer.data();
    }
    for (std::int64_t r = begin; r < end; ++r) {
      const std::int64_t source = source_row(r);
      const float* values = load_f32(x_, source * columns_, (source + 1) * columns_, row);
      std::copy_n(values, columns_, buffer.begin() + (r - begin) * columns_);
    }
    return buffer.data();
  }

 private:
  /// The inverse of interleaved_row(): (head, i, half) -> (head, half, i).
  std::int64_t source_row(std::int64_t row) const {
    const std::int64_t within = row % head_size_;
    return row - within + within % 2 * (head_size_ / 2) + within / 2;
  }

  const Tensor& x_;
  bool is_transposed_;
  std::int64_t head_size_ = 0;
  std::int64_t columns_ = 1;
  std::int64_t count_ = 0;
};

/// The scales of blocks are float16, and so are the values of F16: large weights can be infinite there.
bool decodes_to_finite(GgmlType type, const std::byte* codes, std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  kernels::ggml_dequantize(type, codes, count, values.data());
  return minmax_f32(values.data(), count).is_finite;
}

}  // namespace

void write_rows(const GgufRows& rows,
                const std::function<void(std::span<const std::byte> bytes, std::int64_t values)>& write) {
  const RowReader reader(rows);
  const std::int64_t columns = reader.columns();
  if (reader.count() == 0) return;
  if (rows.permuted_heads > 0 && reader.count() % (2 * rows.permuted_heads) != 0) {
    fail(ErrorKind::invalid_data, rows.where, "its {} rows are not {} heads of even size", reader.count(),
         rows.permuted_heads);
  }
  const std::size_t row_bytes =
      static_cast<std::size_t>(columns / kernels::ggml_block_size(rows.type)) * kernels::ggml_block_bytes(rows.type);
  const std::int64_t task_rows = std::max<std::int64_t>(1, kTaskValues / columns);
  const std::int64_t batch_rows = std::min(reader.count(), task_rows * kBatchTasks);
  std::vector<std::byte> bytes(static_cast<std::size_t>(batch_rows) * row_bytes);
  std::atomic<bool> is_finite = true;
  std::atomic<bool> fits = true;
  for (std::int64_t first = 0; first < reader.count(); first += batch_rows) {
    const std::int64_t n = std::min(batch_rows, reader.count() - first);
    parallel_ranges(n, task_rows, [&](std::int64_t begin, std::int64_t end) {
      std::vector<float> buffer;
      std::vector<float> row;
      const float* x = reader.read(first + begin, first + end, buffer, row);
      const MinMax range = minmax_f32(x, (end - begin) * columns);
      if (!range.is_finite) is_finite = false;
      if (!is_finite) return;
      std::byte* codes = bytes.data() + static_cast<std::size_t>(begin) * row_bytes;
      kernels::ggml_quantize(rows.type, x, end - begin, columns, rows.importance, codes);
      if (absmax(range) > kLargestF16 && !decodes_to_finite(rows.type, codes, (end - begin) * columns)) fits = false;
    });
    if (!is_finite) fail_not_finite(rows.weight, rows.where);
    if (!fits) {
      fail(ErrorKind::invalid_data, rows.where, "holds values above {}, too large for the float16 numbers of {}",
           kLargestF16, kernels::name(rows.type));
    }
    write(std::span(bytes).first(static_cast<std::size_t>(n) * row_bytes), n * columns);
  }
}

}  // namespace zeropoint
