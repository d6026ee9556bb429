#include <string>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/indices.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

struct Sizes {
  std::int64_t batch, heads, sequence, head_size;
  std::int64_t rotated;  // leading elements of a head that are rotated
  bool is_packed;        // [batch, sequence, heads * head_size]
};

Sizes sizes_of(const OpSite& site) {
  const Shape& x = site.input(0).shape;
  Sizes s{};
  if (x.size() == 4) {
    s = {x[0], x[1], x[2], x[3], 0, false};
  } else {
    const std::int64_t heads = site.node.get_int("num_heads", 0);
    if (x.size() != 3 || heads < 1 || x[2] % heads != 0) {
      site.invalid("the input {} does not split into num_heads = {}", to_string(x), heads);
    }
    s = {x[0], heads, x[1], x[2] / heads, 0, true};
  }
  const std::int64_t given = site.node.get_int("rotary_embedding_dim", 0);
  s.rotated = given == 0 ? s.head_size : given;
  if (s.rotated < 0 || s.rotated > s.head_size || s.rotated % 2 != 0) {
    site.invalid("{} of {} elements cannot be rotated in pairs", s.rotated, s.head_size);
  }
  const bool has_positions = site.has(3);
  if (has_positions && site.input(3).shape != Shape{s.batch, s.sequence}) {
    site.invalid("position_ids has shape {}; [{}, {}] is expected", to_string(site.input(3).shape), s.batch,
                 s.sequence);
  }
  if (has_positions) check_index_type(site, 3);
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    const ValueFacts& cache = site.input(i);
    const bool fits = has_positions ? cache.shape.size() == 2 && cache.shape[1] == s.rotated / 2
                                    : cache.shape == Shape{s.batch, s.sequence, s.rotated / 2};
    if (!fits || cache.shape != site.input(1).shape || cache.dtype != site.input(0).dtype) {
      site.invalid("input {} is {} of shape {}, which does not fit", i, name(cache.dtype), to_string(cache.shape));
    }
  }
  return s;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  sizes_of(site);
  return {{.dtype = site.input(0).dtype, .shape = site.input(0).shape}};
}

/// Turns each pair (a, b) of a head by the angle of its position: (a cos - b sin, a sin + b cos) (Su et al. 2021).
/// A pair is two neighbours when interleaved, else one element of each half.
class RotaryEmbedding final : public Kernel {
 public:
  explicit RotaryEmbedding(const OpSite& site)
      : where_(site.node.label),
        s_(sizes_of(site)),
        is_interleaved_(site.node.get_int("interleaved", 0) != 0),
        positions_(site.has(3) ? site.input(1).shape[0] : 0) {}

  std::size_t scratch_bytes() const override { return static_cast<std::size_t>(tokens()) * sizeof(std::int64_t); }

  void run(const KernelIo& io) override {
    auto* rows = reinterpret_cast<std::int64_t*>(io.scratch);  // per token: its row of the caches
    if (io.has(3)) {
      read_indices(io.in(3), positions_, where_, {rows, static_cast<std::size_t>(tokens())});
    } else {
      for (std::int64_t i = 0; i < tokens(); ++i) rows[i] = i;
    }
    const float* x = io.in(0).data<float>();
    float* y = io.out(0).mutable_data<float>();
    const std::int64_t half = s_.rotated / 2;
    constexpr std::int64_t kHeadsPerChunk = 256;
    parallel_ranges(tokens() * s_.heads, kHeadsPerChunk, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t row = rows[token(i)] * half;
        rotate(x + i * s_.head_size, io.in(1).data<float>() + row, io.in(2).data<float>() + row, y + i * s_.head_size);
      }
    });
  }

 private:
  std::int64_t tokens() const { return s_.batch * s_.sequence; }

  /// The token that head number i, in the order of memory, belongs to.
  std::int64_t token(std::int64_t i) const {
    if (s_.is_packed) return i / s_.heads;
    return i / (s_.heads * s_.sequence) * s_.sequence + i % s_.sequence;
  }

  void rotate(const float* x, const float* cosines, const float* sines, float* y) const {
    const std::int64_t half = s_.rotated / 2;
    const std::int64_t step = is_interleaved_ ? 2 : 1;
    const std::int64_t partner = is_interleaved_ ? 1 : half;
    for (std::int64_t i = 0; i < half; ++i) {
      const float a = x[i * step];
      const float b = x[i * step + partner];
      y[i * step] = cosines[i] * a - sines[i] * b;
      y[i * step + partner] = sines[i] * a + cosines[i] * b;
    }
    std::copy(x + s_.rotated, x + s_.head_size, y + s_.rotated);
  }

  std::string where_;
  Sizes s_;
  bool is_interleaved_;
  std::int64_t positions_;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(0).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(0).dtype));
  return std::make_unique<RotaryEmbedding>(site);
}

constexpr OpSpec kOps[] = {
    {.op_type = "RotaryEmbedding", .since = 23, .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_rotary_embedding() { return kOps; }

}  // namespace zeropoint
