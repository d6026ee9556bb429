#include "ops/recurrent.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/parallel.h"
#include "kernels/movement/strided_copy.h"
#include "ops/arguments.h"
#include "ops/choice.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kPanel = 128;  // columns that small_gemm keeps in registers for one row
constexpr std::int64_t kRowBlock = 32;
constexpr std::int64_t kMultiplyAddsPerChunk = 1 << 18;  // about ten microseconds

// Inputs in the order of the ONNX signatures.
constexpr std::size_t kX = 0, kW = 1, kR = 2, kB = 3, kLengths = 4, kInitialH = 5, kInitialC = 6, kPeephole = 7;

enum class Direction { forward, reverse, bidirectional };
constexpr Choice<Direction> kDirections[] = {
    {"forward", Direction::forward}, {"reverse", Direction::reverse}, {"bidirectional", Direction::bidirectional}};

void check_shape(const OpSite& site, std::size_t i, std::string_view role, const Shape& expected) {
  if (!site.has(i)) return;
  if (site.input(i).shape != expected) {
    site.invalid("{} has shape {}; {} is expected", role, to_string(site.input(i).shape), to_string(expected));
  }
  const DType dtype = i == kLengths ? DType::i32 : site.input(kX).dtype;
  if (site.input(i).dtype != dtype) {
    site.invalid("{} is {}; {} is expected", role, name(site.input(i).dtype), name(dtype));
  }
}

RecurrentSizes sizes_of(const OpSite& site, std::int64_t gates) {
  const Shape& x = site.input(kX).shape;
  const Shape& r = site.input(kR).shape;
  if (x.size() != 3) site.invalid("X has shape {}; three axes are expected", to_string(x));
  if (r.size() != 3) site.invalid("R has shape {}; three axes are expected", to_string(r));
  const Direction direction = chosen(site, "direction", kDirections, "forward");
  const bool is_batch_first = site.node.get_int("layout", 0) != 0;
  const RecurrentSizes s{.steps = x[is_batch_first ? 1 : 0],
                         .batch = x[is_batch_first ? 0 : 1],
                         .input = x[2],
                         .hidden = r[2],
                         .gates = gates,
                         .directions = direction == Direction::bidirectional ? 2 : 1,
                         .is_reverse = direction == Direction::reverse,
                         .is_batch_first = is_batch_first};
  const std::int64_t hidden = site.node.get_int("hidden_size", s.hidden);
  if (hidden != s.hidden) site.invalid("hidden_size is {} but R has shape {}", hidden, to_string(r));
  const Shape state = is_batch_first ? Shape{s.batch, s.directions, s.hidden} : Shape{s.directions, s.batch, s.hidden};
  check_shape(site, kW, "W", {s.directions, gates * s.hidden, s.input});
  check_shape(site, kR, "R", {s.directions, gates * s.hidden, s.hidden});
  check_shape(site, kB, "B", {s.directions, 2 * gates * s.hidden});
  check_shape(site, kLengths, "sequence_lens", {s.batch});
  check_shape(site, kInitialH, "initial_h", state);
  check_shape(site, kInitialC, "initial_c", state);
  check_shape(site, kPeephole, "P", {s.directions, 3 * s.hidden});
  site.input(kW);  // not optional
  return s;
}

/// One direction: its weights, ready to multiply, and its biases, added up.
struct DirectionWeights {
  PackedWeights input;
  std::vector<PackedWeights> recurrent;
  std::vector<float> bias;            // [gates * hidden]: added to the input products
  std::vector<float> recurrent_bias;  // [gates * hidden]
};

class Recurrent final : public Kernel {
 public:
  Recurrent(const OpSite& site, CellSpec spec)
      : where_(site.node.label),
        spec_(std::move(spec)),
        sizes_(sizes_of(site, spec_.gates)),
        activations_(recurrent_activations(site, static_cast<std::size_t>(sizes_.directions), spec_.activations)) {
    weights_.resize(static_cast<std::size_t>(sizes_.directions));
    is_packed_ = site.input(kW).constant && site.input(kR).constant && (!site.has(kB) || site.input(kB).constant);
    if (is_packed_) {
      pack(site.input(kW).constant, site.input(kR).constant, site.has(kB) ? &site.input(kB).constant : nullptr);
    }
  }

  std::size_t scratch_bytes() const override {
    return static_cast<std::size_t>(sizes_.directions * floats_per_direction()) * sizeof(float);
  }

  void run(const KernelIo& io) override {
    if (!is_packed_) pack(io.in(kW), io.in(kR), io.has(kB) ? &io.in(kB) : nullptr);
    const std::vector<std::int64_t> lengths = sequence_lengths(io);
    auto* scratch = reinterpret_cast<float*>(io.scratch);
    parallel_chunks(sizes_.directions,
                    [&](std::int64_t d) { run_direction(io, d, lengths, scratch + d * floats_per_direction()); });
  }

 private:
  std::int64_t state_floats() const { return sizes_.batch * sizes_.hidden; }
  std::int64_t gate_floats() const { return sizes_.gates * sizes_.hidden; }
  std::int64_t floats_per_direction() const {  // input products, gates of a step, two states twice, spare
    return (sizes_.steps + 1) * sizes_.batch * gate_floats() + 5 * state_floats();
  }
  std::int64_t row(std::int64_t step, std::int64_t b) const {
    return sizes_.is_batch_first ? b * sizes_.steps + step : step * sizes_.batch + b;
  }

  void pack(const Tensor& w, const Tensor& r, const Tensor* b) {
    const std::int64_t hidden = sizes_.hidden;
    for (std::size_t d = 0; d < weights_.size(); ++d) {
      DirectionWeights& to = weights_[d];
      const auto offset = static_cast<std::int64_t>(d);
      to.input.pack(w.data<float>() + offset * gate_floats() * sizes_.input, gate_floats(), sizes_.input);
      to.recurrent.resize(spec_.recurrent_blocks.size());
      const float* rows = r.data<float>() + offset * gate_floats() * hidden;
      for (std::size_t i = 0; i < to.recurrent.size(); ++i) {
        to.recurrent[i].pack(rows, spec_.recurrent_blocks[i] * hidden, hidden);
        rows += spec_.recurrent_blocks[i] * hidden * hidden;
      }
      const auto count = static_cast<std::size_t>(gate_floats());
      to.bias.assign(count, 0);
      to.recurrent_bias.assign(count, 0);
      if (b == nullptr) continue;
      const float* both = b->data<float>() + offset * 2 * gate_floats();
      to.bias.assign(both, both + count);
      to.recurrent_bias.assign(both + count, both + 2 * count);
      const std::int64_t shared = (sizes_.gates - spec_.unshared_bias_gates) * hidden;
      for (std::size_t i = 0; i < static_cast<std::size_t>(shared); ++i) to.bias[i] += to.recurrent_bias[i];
    }
  }

  std::vector<std::int64_t> sequence_lengths(const KernelIo& io) const {
    std::vector<std::int64_t> lengths(static_cast<std::size_t>(sizes_.batch), sizes_.steps);
    if (!io.has(kLengths)) return lengths;
    for (std::size_t b = 0; b < lengths.size(); ++b) {
      lengths[b] = io.in(kLengths).data<std::int32_t>()[b];
      if (lengths[b] < 0 || lengths[b] > sizes_.steps) {
        fail(ErrorKind::invalid_data, where_, "sequence {} has length {}, outside [0, {}]", b, lengths[b],
             sizes_.steps);
      }
    }
    return lengths;
  }

  /// Where the state of batch entry b and direction d lies in initial_h, Y_h and their like.
  std::int64_t state_offset(std::int64_t d, std::int64_t b) const {
    return (sizes_.is_batch_first ? b * sizes_.directions + d : d * sizes_.batch + b) * sizes_.hidden;
  }

  void load_state(const KernelIo& io, std::size_t input, std::int64_t d, float* to) const {
    for (std::int64_t b = 0; b < sizes_.batch; ++b, to += sizes_.hidden) {
      if (io.has(input)) {
        std::copy_n(io.in(input).data<float>() + state_offset(d, b), sizes_.hidden, to);
      } else {
        std::fill_n(to, sizes_.hidden, 0.0F);
      }
    }
  }

  void store_state(const KernelIo& io, std::size_t output, std::int64_t d, const float* from) const {
    if (output >= io.outputs.size() || !io.out(output)) return;
    float* to = io.out(output).mutable_data<float>();
    for (std::int64_t b = 0; b < sizes_.batch; ++b, from += sizes_.hidden) {
      std::copy_n(from, sizes_.hidden, to + state_offset(d, b));
    }
  }

  void run_direction(const KernelIo& io, std::int64_t d, const std::vector<std::int64_t>& lengths, float* scratch) {
    const DirectionWeights& weights = weights_[static_cast<std::size_t>(d)];
    const bool is_backward = sizes_.is_reverse || d == 1;
    float* products = scratch;  // [row][gates * hidden]
    scratch += sizes_.steps * sizes_.batch * gate_floats();
    float* gates = std::exchange(scratch, scratch + sizes_.batch * gate_floats());
    float* h = std::exchange(scratch, scratch + state_floats());
    float* c = std::exchange(scratch, scratch + state_floats());
    float* next_h = std::exchange(scratch, scratch + state_floats());
    float* next_c = std::exchange(scratch, scratch + state_floats());
    load_state(io, kInitialH, d, h);
    load_state(io, kInitialC, d, c);
    weights.input.multiply(io.in(kX).data<float>(), sizes_.steps * sizes_.batch, sizes_.input, products, gate_floats(),
                           false);
    const CellStep step{
        .sizes = sizes_,
        .recurrent = weights.recurrent.data(),
        .activation = &activations_[static_cast<std::size_t>(d) * spec_.activations.size()],
        .recurrent_bias = weights.recurrent_bias.data(),
        .peephole = io.has(kPeephole) ? io.in(kPeephole).data<float>() + d * 3 * sizes_.hidden : nullptr,
        .gates = gates,
        .h = h,
        .c = c,
        .next_h = next_h,
        .next_c = next_c,
        .spare = scratch};
    for (std::int64_t s = 0; s < sizes_.steps; ++s) {
      for (std::int64_t b = 0; b < sizes_.batch; ++b) {
        const float* from = products + row(time_of(s, lengths, b, is_backward), b) * gate_floats();
        std::transform(from, from + gate_floats(), weights.bias.data(), gates + b * gate_floats(),
                       [](float product, float bias) { return product + bias; });
      }
      spec_.step(step);
      for (std::int64_t b = 0; b < sizes_.batch; ++b) {
        const bool is_over = s >= lengths[static_cast<std::size_t>(b)];
        if (!is_over) {
          std::copy_n(next_h + b * sizes_.hidden, sizes_.hidden, h + b * sizes_.hidden);
          std::copy_n(next_c + b * sizes_.hidden, spec_.has_cell_state ? sizes_.hidden : 0, c + b * sizes_.hidden);
        }
        store_step(io, d, b, time_of(s, lengths, b, is_backward), is_over ? nullptr : h + b * sizes_.hidden);
      }
    }
    store_state(io, 1, d, h);
    if (spec_.has_cell_state) store_state(io, 2, d, c);
  }

  /// The time that step s reads: a sequence that is over reads the padding after it.
  static std::int64_t time_of(std::int64_t s, const std::vector<std::int64_t>& lengths, std::int64_t b,
                              bool is_backward) {
    const std::int64_t length = lengths[static_cast<std::size_t>(b)];
    return is_backward && s < length ? length - 1 - s : s;
  }

  /// Y[time][direction][batch], or [batch][time][direction]; zeros where a sequence is over.
  void store_step(const KernelIo& io, std::int64_t d, std::int64_t b, std::int64_t time, const float* h) const {
    if (!io.out(0)) return;
    const std::int64_t place = sizes_.is_batch_first ? (b * sizes_.steps + time) * sizes_.directions + d
                                                     : (time * sizes_.directions + d) * sizes_.batch + b;
    float* to = io.out(0).mutable_data<float>() + place * sizes_.hidden;
    if (h != nullptr) {
      std::copy_n(h, sizes_.hidden, to);
    } else {
      std::fill_n(to, sizes_.hidden, 0.0F);
    }
  }

  std::string where_;
  CellSpec spec_;
  RecurrentSizes sizes_;
  std::vector<RecurrentActivation> activations_;
  std::vector<DirectionWeights> weights_;
  bool is_packed_ = false;
};

}  // namespace

void PackedWeights::pack(const float* matrix, std::int64_t rows, std::int64_t columns) {
  rows_ = rows;
  columns_ = columns;
  panels_.resize(static_cast<std::size_t>(rows * columns));
  for (std::int64_t first = 0; first < rows; first += kPanel) {
    const std::int64_t width = std::min(kPanel, rows - first);
    StridedCopy({columns, width}, {width, 1}, {1, columns}, sizeof(float))
        .run(panels_.data() + first * columns, matrix + first * columns);
  }
}

void PackedWeights::multiply(const float* a, std::int64_t m, std::int64_t lda, float* c, std::int64_t ldc,
                             bool accumulate) const {
  const std::int64_t panels = (rows_ + kPanel - 1) / kPanel;
  const std::int64_t blocks = (m + kRowBlock - 1) / kRowBlock;
  const std::int64_t work = std::min(kRowBlock, m) * std::min(kPanel, rows_) * std::max<std::int64_t>(1, columns_);
  parallel_ranges(panels * blocks, std::max<std::int64_t>(1, kMultiplyAddsPerChunk / std::max<std::int64_t>(1, work)),
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t i = begin; i < end; ++i) {
                      const std::int64_t first = i / blocks * kPanel;
                      const std::int64_t top = i % blocks * kRowBlock;
                      const std::int64_t width = std::min(kPanel, rows_ - first);
                      small_gemm({.m = std::min(kRowBlock, m - top),
                                  .n = width,
                                  .k = columns_,
                                  .a = a + top * lda,
                                  .lda = lda,
                                  .b = panels_.data() + first * columns_,
                                  .ldb = width,
                                  .c = c + top * ldc + first,
                                  .ldc = ldc,
                                  .accumulate = accumulate});
                    }
                  });
}

std::vector<ValueFacts> infer_recurrent(const OpSite& site, std::int64_t gates, bool has_cell_state) {
  const RecurrentSizes s = sizes_of(site, gates);
  const DType dtype = site.input(kX).dtype;
  const Shape y = s.is_batch_first ? Shape{s.batch, s.steps, s.directions, s.hidden}
                                   : Shape{s.steps, s.directions, s.batch, s.hidden};
  const Shape state =
      s.is_batch_first ? Shape{s.batch, s.directions, s.hidden} : Shape{s.directions, s.batch, s.hidden};
  std::vector<ValueFacts> outputs = {planned(site, dtype, y), planned(site, dtype, state)};
  if (has_cell_state) outputs.push_back(outputs[1]);
  return outputs;
}

std::unique_ptr<Kernel> make_recurrent(const OpSite& site, CellSpec spec) {
  if (site.input(kX).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(kX).dtype));
  return std::make_unique<Recurrent>(site, std::move(spec));
}

}  // namespace zeropoint
