#include <algorithm>

#include "ops/narrow_types.h"
#include "ops/recurrent.h"

namespace zeropoint {
namespace {

/// h' = f(x W^T + h R^T + bias)
void step(const CellStep& s) {
  const std::int64_t hidden = s.sizes.hidden;
  std::copy_n(s.gates, s.sizes.batch * hidden, s.next_h);
  s.recurrent[0].multiply(s.h, s.sizes.batch, hidden, s.next_h, hidden, true);
  s.activation[0].apply(s.next_h, s.sizes.batch * hidden);
}

std::vector<ValueFacts> infer(const OpSite& site) { return infer_recurrent(site, 1, false); }

std::unique_ptr<Kernel> make(const OpSite& site) {
  return make_recurrent(site, {.gates = 1, .activations = {"Tanh"}, .recurrent_blocks = {1}, .step = step});
}

constexpr OpSpec kOps[] = {
    {.op_type = "RNN", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_rnn() { return kOps; }

}  // namespace zeropoint
