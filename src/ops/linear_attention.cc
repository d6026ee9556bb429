// Attention as a recurrence over a matrix of state (Katharopoulos et al. 2020; Yang et al. 2024): each
// token decays the state, writes its value under its key, and reads with its query.
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/choice.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

constexpr std::size_t kQuery = 0, kKey = 1, kValue = 2, kPast = 3, kDecay = 4, kBeta = 5;

enum class Rule { linear, gated, delta, gated_delta };
constexpr Choice<Rule> kRules[] = {
    {"linear", Rule::linear}, {"gated", Rule::gated}, {"delta", Rule::delta}, {"gated_delta", Rule::gated_delta}};

struct Sizes {
  std::int64_t batch, steps, q_heads, kv_heads;
  std::int64_t key_size, value_size;
  bool is_gated, is_delta;
  std::int64_t decay_step;  // elements of decay per head: key_size or 1
  std::int64_t beta_heads;  // kv_heads, or 1 for all
};

/// Elements per head of an input [batch, steps, heads * size].
std::int64_t head_size(const OpSite& site, std::size_t input, std::int64_t heads) {
  const Shape& shape = site.input(input).shape;
  const Shape& query = site.input(kQuery).shape;
  if (shape.size() != 3 || shape[0] != query[0] || shape[1] != query[1] || shape[2] % heads != 0) {
    site.invalid("input {} has shape {}, which does not fit query {} and {} heads", input, to_string(shape),
                 to_string(query), heads);
  }
  return shape[2] / heads;
}

Sizes sizes_of(const OpSite& site) {
  const Rule rule = chosen(site, "update_rule", kRules, "gated_delta");
  const Shape& query = site.input(kQuery).shape;
  if (query.size() != 3) site.invalid("the query has shape {}; three axes are expected", to_string(query));
  Sizes s{.batch = query[0],
          .steps = query[1],
          .q_heads = site.node.get_int("q_num_heads", 0),
          .kv_heads = site.node.get_int("kv_num_heads", 0),
          .key_size = 0,
          .value_size = 0,
          .is_gated = rule == Rule::gated || rule == Rule::gated_delta,
          .is_delta = rule == Rule::delta || rule == Rule::gated_delta,
          .decay_step = 1,
          .beta_heads = 1};
  if (s.kv_heads < 1 || s.q_heads < 1 || s.q_heads % s.kv_heads != 0) {
    site.invalid("q_num_heads {} is not a multiple of kv_num_heads {}", s.q_heads, s.kv_heads);
  }
  s.key_size = head_size(site, kKey, s.kv_heads);
  s.value_size = head_size(site, kValue, s.kv_heads);
  if (head_size(site, kQuery, s.q_heads) != s.key_size) site.invalid("query and key heads differ in size");
  if (site.has(kPast) && site.input(kPast).shape != Shape{s.batch, s.kv_heads, s.key_size, s.value_size}) {
    site.invalid("past_state has shape {}", to_string(site.input(kPast).shape));
  }
  if (s.is_gated) {
    s.decay_step = head_size(site, kDecay, s.kv_heads);
    if (s.decay_step != 1 && s.decay_step != s.key_size) site.invalid("decay has {} elements per head", s.decay_step);
  }
  if (s.is_delta) {
    s.beta_heads = head_size(site, kBeta, 1);
    if (s.beta_heads != 1 && s.beta_heads != s.kv_heads) site.invalid("beta has {} heads", s.beta_heads);
  }
  return s;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const Sizes s = sizes_of(site);
  const DType dtype = site.input(kQuery).dtype;
  return {planned(site, dtype, {s.batch, s.steps, s.q_heads * s.value_size}),
          planned(site, dtype, {s.batch, s.kv_heads, s.key_size, s.value_size})};
}

class LinearAttention final : public Kernel {
 public:
  explicit LinearAttention(const OpSite& site) : s_(sizes_of(site)), scale_(site.node.get_float("scale", 0)) {
    if (scale_ == 0) scale_ = 1 / std::sqrt(static_cast<float>(s_.key_size));
  }

  void run(const KernelIo& io) override {
    parallel_chunks(s_.batch * s_.kv_heads, [&](std::int64_t i) { run_head(io, i / s_.kv_heads, i % s_.kv_heads); });
  }

 private:
  void run_head(const KernelIo& io, std::int64_t batch, std::int64_t head) const {
    const std::int64_t count = s_.key_size * s_.value_size;
    const std::int64_t place = (batch * s_.kv_heads + head) * count;
    std::vector<float> state(static_cast<std::size_t>(count), 0.0F);  // [key_size][value_size]
    if (io.has(kPast)) std::copy_n(io.in(kPast).data<float>() + place, count, state.begin());
    std::vector<float> change(static_cast<std::size_t>(s_.value_size));
    for (std::int64_t t = 0; t < s_.steps; ++t) {
      const std::int64_t token = batch * s_.steps + t;
      const float* key = io.in(kKey).data<float>() + (token * s_.kv_heads + head) * s_.key_size;
      const float* value = io.in(kValue).data<float>() + (token * s_.kv_heads + head) * s_.value_size;
      if (s_.is_gated) decay(io.in(kDecay).data<float>() + (token * s_.kv_heads + head) * s_.decay_step, state);
      std::copy_n(value, s_.value_size, change.begin());
      if (s_.is_delta) {  // only what the state does not yet answer to this key is written
        add_product(state, key, -1, change.data());
        const std::int64_t beta_head = s_.beta_heads == 1 ? 0 : head;
        const float beta = io.in(kBeta).data<float>()[token * s_.beta_heads + beta_head];
        for (float& v : change) v *= beta;
      }
      for (std::int64_t k = 0; k < s_.key_size; ++k) {
        for (std::int64_t v = 0; v < s_.value_size; ++v) {
          state[static_cast<std::size_t>(k * s_.value_size + v)] += key[k] * change[static_cast<std::size_t>(v)];
        }
      }
      read(io, token, head, state);
    }
    if (io.outputs.size() > 1 && io.out(1)) std::copy_n(state.begin(), count, io.out(1).mutable_data<float>() + place);
  }

  void decay(const float* gate, std::vector<float>& state) const {
    for (std::int64_t k = 0; k < s_.key_size; ++k) {
      const float factor = std::exp(gate[s_.decay_step == 1 ? 0 : k]);
      for (std::int64_t v = 0; v < s_.value_size; ++v) state[static_cast<std::size_t>(k * s_.value_size + v)] *= factor;
    }
  }

  /// to[v] += factor * sum over k of x[k] state[k][v]
  void add_product(const std::vector<float>& state, const float* x, float factor, float* to) const {
    for (std::int64_t k = 0; k < s_.key_size; ++k) {
      const float weight = factor * x[k];
      const float* row = state.data() + k * s_.value_size;
      for (std::int64_t v = 0; v < s_.value_size; ++v) to[v] += weight * row[v];
    }
  }

  /// The queries of all heads that share this state.
  void read(const KernelIo& io, std::int64_t token, std::int64_t head, const std::vector<float>& state) const {
    const std::int64_t group = s_.q_heads / s_.kv_heads;
    for (std::int64_t q = head * group; q < (head + 1) * group; ++q) {
      float* to = io.out(0).mutable_data<float>() + (token * s_.q_heads + q) * s_.value_size;
      std::fill_n(to, s_.value_size, 0.0F);
      add_product(state, io.in(kQuery).data<float>() + (token * s_.q_heads + q) * s_.key_size, scale_, to);
    }
  }

  Sizes s_;
  float scale_;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  for (const ValueFacts& input : site.inputs) {
    if (input && input.dtype != DType::f32) site.unsupported("{} is not offered", name(input.dtype));
  }
  return std::make_unique<LinearAttention>(site);
}

constexpr OpSpec kOps[] = {
    {.op_type = "LinearAttention", .since = 27, .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_linear_attention() { return kOps; }

}  // namespace zeropoint
