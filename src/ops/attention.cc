// Scaled dot product attention (Vaswani et al. 2017) with grouped heads, masks and a key-value cache.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "kernels/elementwise/unary.h"
#include "kernels/movement/strided_copy.h"
#include "kernels/small_gemm/small_gemm.h"
#include "kernels/softmax/softmax.h"
#include "ops/arguments.h"
#include "ops/attention_mask.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

constexpr std::size_t kQ = 0, kK = 1, kV = 2, kPastKey = 4, kPastValue = 5;     // inputs
constexpr std::size_t kY = 0, kPresentKey = 1, kPresentValue = 2, kScores = 3;  // outputs
enum class ScoresOutput { raw, capped, biased, probabilities };                 // qk_matmul_output_mode

/// [batch, heads, sequence, size] of a 3D or 4D input.
struct HeadShape {
  std::int64_t batch, heads, sequence, size;
};

HeadShape head_shape(const OpSite& site, std::size_t input, std::string_view heads_attribute) {
  const Shape& shape = site.input(input).shape;
  if (shape.size() == 4) return {shape[0], shape[1], shape[2], shape[3]};
  if (shape.size() != 3) site.invalid("input {} has shape {}; 3 or 4 axes are expected", input, to_string(shape));
  const std::int64_t heads = site.node.get_int(heads_attribute, 0);
  if (heads < 1 || shape[2] % heads != 0) {
    site.invalid("{} is {}, which does not divide input {} of shape {}", heads_attribute, heads, input,
                 to_string(shape));
  }
  return {shape[0], heads, shape[1], shape[2] / heads};
}

AttentionSizes sizes_of(const OpSite& site) {
  const HeadShape q = head_shape(site, kQ, "q_num_heads");
  const HeadShape k = head_shape(site, kK, "kv_num_heads");
  const HeadShape v = head_shape(site, kV, "kv_num_heads");
  for (std::size_t i : {kK, kV}) {
    if (site.input(i).shape.size() != site.input(kQ).shape.size()) site.invalid("Q, K and V differ in rank");
    if (site.input(i).dtype != site.input(kQ).dtype) site.unsupported("Q, K and V of different types are not offered");
  }
  if (k.batch != q.batch || v.batch != q.batch || k.size != q.size || v.heads != k.heads || v.sequence != k.sequence ||
      k.heads < 1 || q.heads % k.heads != 0) {
    site.invalid("Q {}, K {} and V {} do not fit together", to_string(site.input(kQ).shape),
                 to_string(site.input(kK).shape), to_string(site.input(kV).shape));
  }
  AttentionSizes s{.batch = q.batch,
                   .q_heads = q.heads,
                   .kv_heads = k.heads,
                   .queries = q.sequence,
                   .new_keys = k.sequence,
                   .past_keys = 0,
                   .head_size = q.size,
                   .v_head_size = v.size,
                   .is_packed = site.input(kQ).shape.size() == 3};
  if (site.has(kPastKey) != site.has(kPastValue)) site.invalid("past_key and past_value belong together");
  if (!site.has(kPastKey)) return s;
  const Shape& past = site.input(kPastKey).shape;
  if (past.size() == 4) s.past_keys = past[2];
  if (past != Shape{s.batch, s.kv_heads, s.past_keys, s.head_size} ||
      site.input(kPastValue).shape != Shape{s.batch, s.kv_heads, s.past_keys, s.v_head_size}) {
    site.invalid("past_key {} and past_value {} do not fit K and V", to_string(past),
                 to_string(site.input(kPastValue).shape));
  }
  return s;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const AttentionSizes s = sizes_of(site);
  const DType dtype = site.input(kQ).dtype;
  const Shape y = s.is_packed ? Shape{s.batch, s.queries, s.q_heads * s.v_head_size}
                              : Shape{s.batch, s.q_heads, s.queries, s.v_head_size};
  const Shape all[] = {y,
                       {s.batch, s.kv_heads, s.keys(), s.head_size},
                       {s.batch, s.kv_heads, s.keys(), s.v_head_size},
                       {s.batch, s.q_heads, s.queries, s.keys()}};
  std::vector<ValueFacts> outputs;
  for (std::size_t i = 0; i < std::min(std::size(all), site.node.outputs.size()); ++i) {
    outputs.push_back(site.node.outputs[i] == kNoValue ? ValueFacts{} : planned(site, dtype, all[i]));
  }
  return outputs;
}

/// Past and new keys (or values) as one dense [batch, kv_heads, keys, size] array.
class Cache {
 public:
  Cache() = default;
  Cache(const AttentionSizes& s, std::int64_t size, std::size_t input, std::size_t past, std::size_t output)
      : input_(input), past_(past), output_(output), is_input_(!s.is_packed && s.past_keys == 0) {
    const Shape strides = row_major_strides({s.batch, s.kv_heads, s.keys(), size});
    const Shape old_shape = {s.batch, s.kv_heads, s.past_keys, size};
    const Shape new_shape = {s.batch, s.kv_heads, s.new_keys, size};
    const Shape new_strides =
        s.is_packed ? Shape{s.new_keys * s.kv_heads * size, size, s.kv_heads * size, 1} : row_major_strides(new_shape);
    copy_old_ = StridedCopy(old_shape, strides, row_major_strides(old_shape), sizeof(float));
    copy_new_ = StridedCopy(new_shape, strides, new_strides, sizeof(float));
    new_offset_ = s.past_keys * size;
    floats_ = s.batch * s.kv_heads * s.keys() * size;
  }

  std::int64_t scratch_floats() const { return is_input_ ? 0 : floats_; }

  /// In the output when it is wanted, else in `scratch`, or the input itself.
  const float* gather(const KernelIo& io, float* scratch) const {
    const bool is_wanted = output_ < io.outputs.size() && io.out(output_);
    if (is_input_ && !is_wanted) return io.in(input_).data<float>();
    float* to = is_wanted ? io.out(output_).mutable_data<float>() : scratch;
    if (io.has(past_)) copy_old_.run(to, io.in(past_).raw());
    copy_new_.run(to + new_offset_, io.in(input_).raw());
    return to;
  }

 private:
  std::size_t input_ = 0, past_ = 0, output_ = 0;
  bool is_input_ = true;
  StridedCopy copy_old_;
  StridedCopy copy_new_;
  std::int64_t new_offset_ = 0;
  std::int64_t floats_ = 0;
};

class Attention final : public Kernel {
 public:
  explicit Attention(const OpSite& site)
      : s_(sizes_of(site)),
        mask_(site, s_),
        keys_(s_, s_.head_size, kK, kPastKey, kPresentKey),
        values_(s_, s_.v_head_size, kV, kPastValue, kPresentValue),
        scale_(site.node.get_float("scale", 1 / std::sqrt(static_cast<float>(s_.head_size)))),
        softcap_(site.node.get_float("softcap", 0)) {
    const std::int64_t mode = site.node.get_int("qk_matmul_output_mode", 0);
    if (mode < 0 || mode > 3) site.invalid("qk_matmul_output_mode {} is outside [0, 3]", mode);
    scores_output_ = static_cast<ScoresOutput>(mode);
  }

  std::size_t scratch_bytes() const override {
    return static_cast<std::size_t>(keys_.scratch_floats() + values_.scratch_floats()) * sizeof(float);
  }

  void run(const KernelIo& io) override {
    auto* scratch = reinterpret_cast<float*>(io.scratch);
    const float* keys = keys_.gather(io, scratch);
    const float* values = values_.gather(io, scratch + keys_.scratch_floats());
    const std::int64_t blocks = (s_.queries + kQueriesPerBlock - 1) / kQueriesPerBlock;
    parallel_chunks(s_.batch * s_.q_heads * blocks, [&](std::int64_t i) {
      const std::int64_t head = i / blocks % s_.q_heads;
      const std::int64_t batch = i / blocks / s_.q_heads;
      const std::int64_t kv = batch * s_.kv_heads + head / (s_.q_heads / s_.kv_heads);
      const std::int64_t first = i % blocks * kQueriesPerBlock;
      attend(io, {batch, head, first, std::min(kQueriesPerBlock, s_.queries - first)},
             keys + kv * s_.keys() * s_.head_size, values + kv * s_.keys() * s_.v_head_size);
    });
  }

 private:
  static constexpr std::int64_t kQueriesPerBlock = 64;

  struct Block {
    std::int64_t batch, head, first, count;  // of the queries
  };

  /// Where query `first` of the head lies in Q or Y, whose rows have `size` elements.
  std::int64_t offset(const Block& b, std::int64_t size) const {
    return s_.is_packed ? ((b.batch * s_.queries + b.first) * s_.q_heads + b.head) * size
                        : ((b.batch * s_.q_heads + b.head) * s_.queries + b.first) * size;
  }
  std::int64_t row_step(std::int64_t size) const { return s_.is_packed ? s_.q_heads * size : size; }

  /// Keys that any query of the block may see; all of them where the scores are an output.
  KeyRange keys_of(const KernelIo& io, const Block& b) const {
    if (has_scores(io)) return {0, s_.keys()};
    const KeyRange first = mask_.visible(io, b.batch, b.first);
    const KeyRange last = mask_.visible(io, b.batch, b.first + b.count - 1);
    return {std::min(first.begin, last.end), last.end};
  }

  void attend(const KernelIo& io, const Block& b, const float* keys, const float* values) const {
    const KeyRange range = keys_of(io, b);
    const std::int64_t n = range.end - range.begin;
    const auto transposed = std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(n * s_.head_size));
    transpose_scaled(keys + range.begin * s_.head_size, n, transposed.get());
    const auto block = std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(b.count * n));
    const std::span<float> scores(block.get(), static_cast<std::size_t>(b.count * n));
    small_gemm({.m = b.count,
                .n = n,
                .k = s_.head_size,
                .a = io.in(kQ).data<float>() + offset(b, s_.head_size),
                .lda = row_step(s_.head_size),
                .b = transposed.get(),
                .ldb = n,
                .c = scores.data(),
                .ldc = n});
    report(io, b, ScoresOutput::raw, scores);
    if (softcap_ != 0) {
      for (float& score : scores) score /= softcap_;
      unary_f32(UnaryF32::tanh, {}, scores.data(), scores.data(), static_cast<std::int64_t>(scores.size()));
      for (float& score : scores) score *= softcap_;
    }
    report(io, b, ScoresOutput::capped, scores);
    for (std::int64_t i = 0; i < b.count; ++i) hide(io, b, i, range, scores.data() + i * n);
    report(io, b, ScoresOutput::biased, scores);
    for (std::int64_t i = 0; i < b.count; ++i) to_probabilities(scores.data() + i * n, seen(io, b, i, range), n);
    report(io, b, ScoresOutput::probabilities, scores);
    small_gemm({.m = b.count,
                .n = s_.v_head_size,
                .k = n,
                .a = scores.data(),
                .lda = n,
                .b = values + range.begin * s_.v_head_size,
                .ldb = s_.v_head_size,
                .c = io.out(kY).mutable_data<float>() + offset(b, s_.v_head_size),
                .ldc = row_step(s_.v_head_size)});
  }

  /// keys [n, head_size] to [head_size, n], times the scale.
  void transpose_scaled(const float* keys, std::int64_t n, float* to) const {
    for (std::int64_t p = 0; p < s_.head_size; ++p) {
      for (std::int64_t j = 0; j < n; ++j) to[p * n + j] = keys[j * s_.head_size + p] * scale_;
    }
  }

  /// What query i of the block sees, counted from the first key of the block's range.
  KeyRange seen(const KernelIo& io, const Block& b, std::int64_t i, KeyRange range) const {
    const KeyRange all = mask_.visible(io, b.batch, b.first + i);
    return {std::max(all.begin - range.begin, std::int64_t{0}), std::max(all.end - range.begin, std::int64_t{0})};
  }

  void hide(const KernelIo& io, const Block& b, std::int64_t i, KeyRange range, float* row) const {
    constexpr float kHidden = -std::numeric_limits<float>::infinity();
    const KeyRange keys = seen(io, b, i, range);
    std::fill(row, row + keys.begin, kHidden);
    std::fill(row + keys.end, row + (range.end - range.begin), kHidden);
    const KeyRange whole{keys.begin + range.begin, keys.end + range.begin};
    mask_.apply(io, b.batch, b.head, b.first + i, whole, row - range.begin);
  }

  /// Softmax of the keys in `range`; the others, and all of a row that sees no key, become zeros.
  static void to_probabilities(float* row, KeyRange range, std::int64_t n) {
    const bool sees_nothing = std::all_of(row + range.begin, row + range.end,
                                          [](float score) { return score == -std::numeric_limits<float>::infinity(); });
    if (sees_nothing) range.end = range.begin;
    std::fill(row, row + range.begin, 0.0F);
    std::fill(row + range.end, row + n, 0.0F);
    float* scores = row + range.begin;
    softmax_rows_f32(SoftmaxKind::softmax, scores, scores, 1, range.end - range.begin);
  }

  static bool has_scores(const KernelIo& io) { return kScores < io.outputs.size() && io.out(kScores); }

  void report(const KernelIo& io, const Block& b, ScoresOutput stage, std::span<const float> scores) const {
    if (stage != scores_output_ || !has_scores(io)) return;
    const std::int64_t row = (b.batch * s_.q_heads + b.head) * s_.queries + b.first;
    std::copy(scores.begin(), scores.end(), io.out(kScores).mutable_data<float>() + row * s_.keys());
  }

  AttentionSizes s_;
  AttentionMask mask_;
  Cache keys_;
  Cache values_;
  float scale_;
  float softcap_;
  ScoresOutput scores_output_ = ScoresOutput::raw;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(kQ).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(kQ).dtype));
  return std::make_unique<Attention>(site);
}

constexpr OpSpec kOps[] = {
    {.op_type = "Attention", .since = 23, .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_attention() { return kOps; }

}  // namespace zeropoint
