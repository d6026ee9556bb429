// Which keys a query of Attention may see, and what is added to its scores.
#pragma once

#include <cstdint>
#include <limits>

#include "ops/op.h"

namespace zeropoint {

struct AttentionSizes {
  std::int64_t batch, q_heads, kv_heads;
  std::int64_t queries;   // q_sequence_length
  std::int64_t new_keys;  // kv_sequence_length
  std::int64_t past_keys;
  std::int64_t head_size, v_head_size;
  bool is_packed;  // 3D inputs: [batch, sequence, heads * head_size]

  std::int64_t keys() const { return past_keys + new_keys; }
};

/// Keys in a row.
struct KeyRange {
  std::int64_t begin = 0, end = 0;
  bool operator==(const KeyRange&) const = default;
};

/// The mask input, causality, windows and padding, applied to rows of scores.
class AttentionMask {
 public:
  /// Reads input 3 (attn_mask) and 6 (nonpad_kv_seqlen) and the attributes. Throws invalid_model naming a bad shape.
  AttentionMask(const OpSite& site, const AttentionSizes& sizes);

  /// The keys that a query may see as far as causality, windows and padding go; what the mask input hides among them
  /// is apply()'s to say. Both ends grow with the query.
  KeyRange visible(const KernelIo& io, std::int64_t batch, std::int64_t query) const;

  /// Adds the mask input to the scores of one query, scores[j] being that of key j, for the keys of `range`; those
  /// that it hides become -infinity.
  void apply(const KernelIo& io, std::int64_t batch, std::int64_t head, std::int64_t query, KeyRange range,
             float* scores) const;

 private:
  AttentionSizes sizes_;
  bool is_causal_;
  std::int64_t left_window_;  // -1: no bound
  std::int64_t right_window_;
  bool is_bool_ = false;
  std::int64_t mask_keys_ = 0;                   // the mask may be shorter than the keys
  std::int64_t mask_strides_[4] = {0, 0, 0, 0};  // batch, head, query, key; 0 where it is broadcast
};

}  // namespace zeropoint
