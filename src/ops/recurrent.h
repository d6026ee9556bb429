// What RNN, GRU and LSTM share: weights, sequences, directions and outputs. Each operator adds its cell.
//
// The products with the input need no order in time and are computed for all steps at once; what
// remains for a step is the product with the hidden state and the cell's own arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernels/small_gemm/small_gemm.h"
#include "ops/op.h"
#include "ops/recurrent_activation.h"

namespace zeropoint {

/// Sizes of one node, from its inputs and attributes.
struct RecurrentSizes {
  std::int64_t steps, batch, input, hidden;
  std::int64_t gates;       // 1, 3 or 4: rows of the weights in units of hidden
  std::int64_t directions;  // 1 or 2
  bool is_reverse;          // a single direction that runs backwards
  bool is_batch_first;      // layout 1
};

/// A weight matrix [rows][columns] of ONNX, transposed and cut into panels for small_gemm.
class PackedWeights {
 public:
  /// Packs rows [first, first + rows) of `matrix`.
  void pack(const float* matrix, std::int64_t rows, std::int64_t columns);

  /// c[m][ldc] (+)= a[m][lda] * matrix^T, in parallel when it is worth it.
  void multiply(const float* a, std::int64_t m, std::int64_t lda, float* c, std::int64_t ldc, bool accumulate) const;

 private:
  std::int64_t rows_ = 0;
  std::int64_t columns_ = 0;
  std::vector<float> panels_;
};

/// One direction of one step, for the whole batch. All pointers are rows of `hidden` or `gates * hidden` floats.
struct CellStep {
  const RecurrentSizes& sizes;
  const PackedWeights* recurrent;         // one per block of gates that the cell asked for
  const RecurrentActivation* activation;  // of this direction
  const float* recurrent_bias;            // [gates * hidden], zeros when absent
  const float* peephole;                  // [3 * hidden] or nullptr
  float* gates;                           // [batch][gates * hidden]: input products and biases; scratch
  const float* h;                         // [batch][hidden]
  const float* c;                         // [batch][hidden], LSTM only
  float* next_h;
  float* next_c;
  float* spare;  // [batch][hidden]
};

/// How an operator differs from the others.
struct CellSpec {
  std::int64_t gates = 1;
  std::vector<std::string> activations;        // by default, per direction
  std::vector<std::int64_t> recurrent_blocks;  // how the gates are grouped into PackedWeights
  std::int64_t unshared_bias_gates = 0;        // last gates whose recurrent bias the cell adds by itself
  bool has_cell_state = false;                 // LSTM
  void (*step)(const CellStep& step) = nullptr;
};

std::vector<ValueFacts> infer_recurrent(const OpSite& site, std::int64_t gates, bool has_cell_state);
std::unique_ptr<Kernel> make_recurrent(const OpSite& site, CellSpec spec);

}  // namespace zeropoint
