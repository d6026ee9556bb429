#include <algorithm>

#include "ops/narrow_types.h"
#include "ops/recurrent.h"

namespace zeropoint {
namespace {

constexpr int kGateActivation = 0;
constexpr int kCellActivation = 1;
constexpr int kHiddenActivation = 2;

/// The rows of gates hold i, o, f and the cell candidate side by side; P holds the peepholes of i, o and f.
///   c' = f * c + i * candidate,  h' = o * activation(c')
template <bool input_forget>
void step(const CellStep& s) {
  const std::int64_t hidden = s.sizes.hidden;
  s.recurrent[0].multiply(s.h, s.sizes.batch, hidden, s.gates, 4 * hidden, true);
  for (std::int64_t b = 0; b < s.sizes.batch; ++b) {
    float* i = s.gates + b * 4 * hidden;
    float* o = i + hidden;
    float* f = o + hidden;
    float* candidate = f + hidden;
    const float* c = s.c + b * hidden;
    float* next_c = s.next_c + b * hidden;
    float* next_h = s.next_h + b * hidden;
    if (s.peephole != nullptr) {
      for (std::int64_t k = 0; k < hidden; ++k) i[k] += s.peephole[k] * c[k];
      for (std::int64_t k = 0; k < hidden; ++k) f[k] += s.peephole[2 * hidden + k] * c[k];
    }
    s.activation[kGateActivation].apply(i, hidden);
    if (input_forget) {
      for (std::int64_t k = 0; k < hidden; ++k) f[k] = 1 - i[k];
    } else {
      s.activation[kGateActivation].apply(f, hidden);
    }
    s.activation[kCellActivation].apply(candidate, hidden);
    for (std::int64_t k = 0; k < hidden; ++k) next_c[k] = f[k] * c[k] + i[k] * candidate[k];
    if (s.peephole != nullptr) {
      for (std::int64_t k = 0; k < hidden; ++k) o[k] += s.peephole[hidden + k] * next_c[k];
    }
    s.activation[kGateActivation].apply(o, hidden);
    std::copy_n(next_c, hidden, next_h);
    s.activation[kHiddenActivation].apply(next_h, hidden);
    for (std::int64_t k = 0; k < hidden; ++k) next_h[k] *= o[k];
  }
}

std::vector<ValueFacts> infer(const OpSite& site) { return infer_recurrent(site, 4, true); }

std::unique_ptr<Kernel> make(const OpSite& site) {
  const bool input_forget = site.node.get_int("input_forget", 0) != 0;
  return make_recurrent(site, {.gates = 4,
                               .activations = {"Sigmoid", "Tanh", "Tanh"},
                               .recurrent_blocks = {4},
                               .has_cell_state = true,
                               .step = input_forget ? step<true> : step<false>});
}

constexpr OpSpec kOps[] = {
    {.op_type = "LSTM", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_lstm() { return kOps; }

}  // namespace zeropoint
