// The product of LLM.int8(): columns of the activations with outliers are multiplied in float, the others as int8.
//
//   column k is an outlier    when some |x[m, k]| is not below the threshold; NaN and infinity never are
//   a[m]    = max |x[m, k]|                     over the other columns
//   q[m, k] = rint(x[m, k] * (127 / a[m]))      int8; 0 in the outlier columns
//   y[m, n] = (sum_k q[m, k] code[n, k]) * (a[m] / 127) * (absmax[n] / 127)
//             + sum over outliers k, in order, of x[m, k] * w'[n, k]   (+ bias[n])
//   w'[n, k] = code[n, k] * absmax[n] / 127     as in weights/absmax_rows.h
//
// Divisions by 127 are products with float32(1 / 127); float sums round after every product and every addition. The
// integer sum is exact. Results are the same bits on every instruction set and for any thread count.
// Source: Dettmers et al. 2022, "LLM.int8(): 8-bit Matrix Multiplication for Transformers at Scale", section 3.
#pragma once

#include <cstdint>
#include <vector>

namespace zeropoint {

/// Longest row whose integer sum cannot leave int32: 127 * 127 * k < 2^31.
constexpr std::int64_t kLlmInt8LongestRow = 133'144;

constexpr float kLlmInt8Threshold = 6.0F;  // of the paper

struct LlmInt8Product {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;                     // at most kLlmInt8LongestRow
  const float* x = nullptr;               // [m, k]
  const std::int16_t* weights = nullptr;  // by pack_llm_int8()
  const float* absmax = nullptr;          // n, of the weight's rows
  const float* bias = nullptr;            // n, or none
  float threshold = kLlmInt8Threshold;    // 0: only what is not finite is an outlier
  float* y = nullptr;                     // [m, n]
};

/// Memory that a product works in; it may serve one after the other.
struct LlmInt8Workspace {
  std::vector<std::uint32_t> keep;     // [k], all bits set where the column is no outlier
  std::vector<std::int64_t> outliers;  // rising
  std::vector<float> outlier_x;        // [m, outliers]
  std::vector<std::int16_t> codes;     // [m, k rounded up to even]
  std::vector<float> absmax;           // [m]
};

/// int16 values that the packed form of int8 codes [n, k] takes.
std::int64_t packed_llm_int8_size(std::int64_t n, std::int64_t k);
void pack_llm_int8(const std::int8_t* codes, std::int64_t n, std::int64_t k, std::int16_t* packed);

/// Fills y; workspace.outliers are the columns that were multiplied in float.
void llm_int8_product(const LlmInt8Product& product, LlmInt8Workspace& workspace);

namespace reference {
/// From the codes [n, k] as they are; product.weights is not read.
void llm_int8_product(const LlmInt8Product& product, const std::int8_t* codes);
}  // namespace reference

}  // namespace zeropoint
