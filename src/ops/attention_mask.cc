#include "ops/attention_mask.h"

#include <algorithm>

namespace zeropoint {
namespace {

constexpr std::size_t kMask = 3;
constexpr std::size_t kNonpad = 6;
constexpr float kHidden = -std::numeric_limits<float>::infinity();

}  // namespace

AttentionMask::AttentionMask(const OpSite& site, const AttentionSizes& sizes)
    : sizes_(sizes),
      is_causal_(site.node.get_int("is_causal", 0) != 0),
      left_window_(site.node.get_int("left_window_size", -1)),
      right_window_(site.node.get_int("right_window_size", -1)) {
  if (site.has(kNonpad) &&
      (site.input(kNonpad).dtype != DType::i64 || site.input(kNonpad).shape != Shape{sizes.batch})) {
    site.invalid("nonpad_kv_seqlen must be int64 of shape [{}]", sizes.batch);
  }
  if (!site.has(kMask)) return;
  const ValueFacts& mask = site.input(kMask);
  is_bool_ = mask.dtype == DType::boolean;
  if (!is_bool_ && mask.dtype != DType::f32) site.unsupported("a mask of {} is not offered", name(mask.dtype));
  const std::int64_t whole[] = {sizes.batch, sizes.q_heads, sizes.queries, sizes.keys()};
  const std::size_t rank = mask.shape.size();
  if (rank == 0 || rank > 4) site.invalid("attn_mask has shape {}", to_string(mask.shape));
  std::int64_t stride = 1;
  for (std::size_t back = 0; back < rank; ++back) {
    const std::int64_t dim = mask.shape[rank - 1 - back];
    const std::size_t axis = 3 - back;
    const bool fits = dim == whole[axis] || dim == 1 || (axis == 3 && dim < whole[axis]);
    if (!fits) {
      site.invalid("attn_mask {} does not fit [{}, {}, {}, {}]", to_string(mask.shape), whole[0], whole[1], whole[2],
                   whole[3]);
    }
    mask_strides_[axis] = dim == 1 && whole[axis] != 1 ? 0 : stride;
    stride *= dim;
  }
  const bool repeats = mask.shape.back() == 1;
  mask_keys_ = repeats ? whole[3] : mask.shape.back();
}

KeyRange AttentionMask::visible(const KernelIo& io, std::int64_t batch, std::int64_t query) const {
  const std::int64_t keys = sizes_.keys();
  std::int64_t end = keys;
  std::int64_t offset = sizes_.past_keys;
  if (io.has(kNonpad)) {
    const std::int64_t valid = std::clamp<std::int64_t>(io.in(kNonpad).data<std::int64_t>()[batch], 0, keys);
    end = valid;
    if (sizes_.past_keys == 0) offset = valid - sizes_.queries;
  }
  const std::int64_t position = offset + query;
  if (is_causal_) end = std::min(end, position + 1);
  if (right_window_ >= 0 && right_window_ < keys) end = std::min(end, position + right_window_ + 1);
  std::int64_t begin = 0;
  if (left_window_ >= 0 && left_window_ < keys + sizes_.queries) begin = std::max(begin, position - left_window_);
  if (io.has(kMask)) end = std::min(end, mask_keys_);
  end = std::max<std::int64_t>(end, 0);
  return {std::min(begin, end), end};
}

void AttentionMask::apply(const KernelIo& io, std::int64_t batch, std::int64_t head, std::int64_t query, KeyRange range,
                          float* scores) const {
  if (!io.has(kMask)) return;
  const std::int64_t row = batch * mask_strides_[0] + head * mask_strides_[1] + query * mask_strides_[2];
  const std::int64_t step = mask_strides_[3];
  if (is_bool_) {
    const bool* mask = io.in(kMask).data<bool>() + row;
    for (std::int64_t j = range.begin; j < range.end; ++j) scores[j] = mask[j * step] ? scores[j] : kHidden;
  } else {
    const float* mask = io.in(kMask).data<float>() + row;
    for (std::int64_t j = range.begin; j < range.end; ++j) scores[j] += mask[j * step];
  }
}

}  // namespace zeropoint
