// GPTQ: round a weight matrix column by column, and let the columns still to come make up for each error.
//
// What counts is not W but the products W x with real inputs. Their squared error over calibration rows is
// tr((W - Q) H (W - Q)^T) with H = (2 / rows) sum x x^T, so an error in one column can be compensated in another that
// is correlated with it. docs/gptq.md derives the equations. Source: Frantar, Ashkboos, Hoefler, Alistarh 2022, "GPTQ:
// Accurate Post-Training Quantization for Generative Pre-trained Transformers".
//
// The result does not depend on the thread count. A row is independent of all others, and of the rounded and the
// compensated row the one with the smaller error is kept: no matrix is worse than plain rounding.
#pragma once

#include <cstdint>
#include <string>

#include "weights/grid_storage.h"
#include "weights/quantized_matrix.h"

namespace zeropoint {

struct GptqOptions {
  int bits = 4;                 // 2, 3, 4 or 8
  std::int64_t block_size = 0;  // columns that share a grid; 0: the whole row
  bool per_tensor = false;      // one grid for the whole matrix
  bool symmetric = true;        // no zero points; codes from -2^(bits-1), scale = 2 absmax / (2^bits - 1)
  bool act_order = false;       // columns by falling H[i, i]: those that matter most are compensated by all others
  bool static_groups = false;   // with act_order: grids as without it, chosen before the first column is rounded
  bool clip_search = true;      // choose grids by squared error; off: by the extremes
  bool short_block = false;     // the last block may be shorter when block_size does not divide the columns
  double damping = 0.01;        // added to the diagonal, times its mean; raised tenfold while H has no factor
  GridStorage storage;
  bool compares_with_rounding = true;  // off: neither losses nor the better row; for measurements

  bool operator==(const GptqOptions&) const = default;
};

/// How the result will look. Throws invalid_option for options that contradict each other or have no meaning.
MatrixScheme gptq_scheme(const GptqOptions& options);

/// Throws invalid_option, `where` naming the weight, when the block size does not divide its columns.
void check_gptq_columns(const GptqOptions& options, std::int64_t columns, const std::string& where);

struct GptqReport {
  double loss = 0;           // tr((W - Q) H (W - Q)^T)
  double rounding_loss = 0;  // of round to nearest on grids by the same rule
  double damping = 0;        // that H needed, as in GptqOptions
  int damping_raises = 0;
  std::int64_t dead_columns = 0;  // inputs that were always 0: their weights become 0, but for rows that stay rounded
  std::int64_t rounded_rows = 0;  // rows that stayed rounded, because compensation made them worse
};

struct GptqResult {
  QuantizedMatrix matrix;
  GptqReport report;
};

/// `weight` [rows, columns] of float32, float16 or bfloat16; `hessian` float32 [columns, columns], symmetric: its lower
/// triangle is read. When every column is dead, all rows stay rounded. Throws invalid_data, `where` naming the weight,
/// for a NaN or an infinity in either, for a negative diagonal, and when no damping makes the Hessian positive
/// definite; interrupted; and what check_gptq_columns() throws.
GptqResult gptq(const Tensor& weight, const Tensor& hessian, const GptqOptions& options, const std::string& where);

}  // namespace zeropoint
