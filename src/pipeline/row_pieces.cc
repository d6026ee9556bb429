#include "pipeline/row_pieces.h"

#include <algorithm>
#include <vector>

#include "base/interrupt.h"
#include "base/parallel.h"
#include "methods/finite_weight.h"
#include "pipeline/weight_error.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kPiece = 1 << 17;  // elements: with what is made of them they fit the second cache

/// Rows [begin, end) of a matrix, in place.
Tensor rows_of(const Tensor& matrix, std::int64_t begin, std::int64_t end) {
  const std::size_t row_bytes = storage_bytes(matrix.dtype(), matrix.dim(1));
  const auto* first = static_cast<const std::byte*>(matrix.stored()) + static_cast<std::size_t>(begin) * row_bytes;
  return Tensor::view(matrix.dtype(), {end - begin, matrix.dim(1)}, first, matrix.owner());
}

bool has_rows(const TensorSpec& part, const WeightForm& form) {
  return !part.shape.empty() && part.shape[0] == form.rows;
}

}  // namespace

bool goes_by_rows(const Method& method, const Format& format, const WeightForm& form) {
  if (method.quantize == nullptr || format.is_by_rows == nullptr || form.is_in_out) return false;
  if (form.rows == 0 || form.columns == 0) return false;
  const auto* matrix = std::get_if<MatrixScheme>(&form.scheme);
  const bool has_own_grids = matrix != nullptr ? !matrix->per_tensor && !matrix->act_order
                                               : std::holds_alternative<AbsmaxRowsScheme>(form.scheme);
  return has_own_grids && format.is_by_rows(form);
}

double quantize_by_rows(const Tensor& weight, const WeightForm& form, const Method& method,
                        const MethodOptions& options, const Format& format, const std::string& where,
                        SafetensorsWriter& writer) {
  const std::vector<TensorSpec> parts = format.parts(form);
  const std::int64_t rows_per_piece = std::max<std::int64_t>(1, kPiece / form.columns);
  std::vector<WeightPower> powers(static_cast<std::size_t>((form.rows + rows_per_piece - 1) / rows_per_piece));
  const auto do_piece = [&](std::int64_t begin, std::int64_t end) {
    check_interrupt();
    const Tensor rows = rows_of(weight, begin, end);
    WeightForm piece = form;
    piece.rows = end - begin;
    const QuantizedWeight quantized =
        method.quantize(rows, form.scheme, options, format.grid_storage(form.stored), where);
    powers[static_cast<std::size_t>(begin / rows_per_piece)] = power_of(rows, quantized);
    const std::vector<Tensor> encoded = format.encode(piece, quantized);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool is_sliced = has_rows(parts[i], form);
      if (!is_sliced && begin > 0) continue;
      const std::uint64_t row_bytes = is_sliced ? storage_bytes(parts[i]) / static_cast<std::uint64_t>(form.rows) : 0;
      writer.write(parts[i].name, static_cast<std::uint64_t>(begin) * row_bytes,
                   {static_cast<const std::byte*>(encoded[i].stored()), encoded[i].bytes()});
    }
  };
  try {
    parallel_ranges(form.rows, rows_per_piece, do_piece);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::invalid_data) throw;
    require_finite(weight, where);  // names the place in the whole weight
    throw Error(e.kind(), where, e.message());
  }
  WeightPower total;
  for (const WeightPower& power : powers) total += power;
  return total.sqnr_db();
}

}  // namespace zeropoint
