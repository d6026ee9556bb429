#include "ops/narrow_types.h"
#include "ops/recurrent.h"

namespace zeropoint {
namespace {

constexpr int kGateActivation = 0;
constexpr int kHiddenActivation = 1;

/// The gates z and r lie side by side in each row of gates, the candidate after them:
///   z = f(..), r = f(..), h' = (1 - z) * candidate + z * h
void activate_gates(const CellStep& s) {
  const std::int64_t hidden = s.sizes.hidden;
  s.recurrent[0].multiply(s.h, s.sizes.batch, hidden, s.gates, 3 * hidden, true);
  for (std::int64_t b = 0; b < s.sizes.batch; ++b) {
    s.activation[kGateActivation].apply(s.gates + b * 3 * hidden, 2 * hidden);
  }
}

void mix(const CellStep& s) {
  const std::int64_t hidden = s.sizes.hidden;
  for (std::int64_t b = 0; b < s.sizes.batch; ++b) {
    const float* z = s.gates + b * 3 * hidden;
    float* candidate = s.gates + b * 3 * hidden + 2 * hidden;
    s.activation[kHiddenActivation].apply(candidate, hidden);
    for (std::int64_t i = 0; i < hidden; ++i) {
      s.next_h[b * hidden + i] = (1 - z[i]) * candidate[i] + z[i] * s.h[b * hidden + i];
    }
  }
}

/// candidate = g(x W^T + (r * h) R^T + biases)
void step(const CellStep& s) {
  const std::int64_t hidden = s.sizes.hidden;
  activate_gates(s);
  for (std::int64_t b = 0; b < s.sizes.batch; ++b) {
    const float* r = s.gates + b * 3 * hidden + hidden;
    for (std::int64_t i = 0; i < hidden; ++i) s.spare[b * hidden + i] = r[i] * s.h[b * hidden + i];
  }
  s.recurrent[1].multiply(s.spare, s.sizes.batch, hidden, s.gates + 2 * hidden, 3 * hidden, true);
  mix(s);
}

/// linear_before_reset: candidate = g(x W^T + bias + r * (h R^T + recurrent bias))
void step_linear_first(const CellStep& s) {
  const std::int64_t hidden = s.sizes.hidden;
  activate_gates(s);
  s.recurrent[1].multiply(s.h, s.sizes.batch, hidden, s.spare, hidden, false);
  const float* bias = s.recurrent_bias + 2 * hidden;
  for (std::int64_t b = 0; b < s.sizes.batch; ++b) {
    const float* r = s.gates + b * 3 * hidden + hidden;
    float* candidate = s.gates + b * 3 * hidden + 2 * hidden;
    for (std::int64_t i = 0; i < hidden; ++i) candidate[i] += r[i] * (s.spare[b * hidden + i] + bias[i]);
  }
  mix(s);
}

std::vector<ValueFacts> infer(const OpSite& site) { return infer_recurrent(site, 3, false); }

std::unique_ptr<Kernel> make(const OpSite& site) {
  const bool linear_first = site.node.get_int("linear_before_reset", 0) != 0;
  return make_recurrent(site, {.gates = 3,
                               .activations = {"Sigmoid", "Tanh"},
                               .recurrent_blocks = {2, 1},
                               .unshared_bias_gates = linear_first ? 1 : 0,
                               .step = linear_first ? step_linear_first : step});
}

constexpr OpSpec kOps[] = {
    {.op_type = "GRU", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_gru() { return kOps; }

}  // namespace zeropoint
