// Rotary position embedding (Su et al. 2021) with the scalings of config.json's rope_scaling: linear, dynamic, llama3
// and yarn, as Hugging Face's transformers compute them.
//
// The angles are nodes of the graph that depend on the shape of "tokens" alone: planning folds them.
#pragma once

#include <cstdint>
#include <string>

#include "architectures/graph_builder.h"

namespace zeropoint {

class Rotary {
 public:
  /// Throws unsupported naming a scaling that is not known, with the list; invalid_data for parameters out of range.
  Rotary(const Config& config, std::int64_t head_size);

  /// Longest sequence: max_position_embeddings, or further where the scaling stretches it. kAnyLength: not stated.
  std::int64_t longest() const { return longest_; }

  /// Adds what all layers share: positions, cosines and sines.
  void add_tables(GraphBuilder& builder, ValueId tokens);

  /// [N, T, heads * head_size] turned by its positions.
  ValueId apply(GraphBuilder& builder, ValueId x, const std::string& name, std::int64_t heads) const;

  /// int64 [T]: 0, 1, 2 ...
  ValueId positions() const { return positions_; }

 private:
  void scale(const Config& scaling, const std::string& kind, double base);
  void scale_yarn(const Config& scaling, double base);
  ValueId grown_frequencies(GraphBuilder& builder, ValueId frequencies, ValueId length) const;

  std::int64_t head_size_;
  std::int64_t pretrained_length_;  // -1: not stated
  std::int64_t longest_;
  std::vector<double> frequencies_;  // radians per position, one per pair of elements
  double magnitude_ = 1;             // of cosines and sines
  double growth_ = 0;                // dynamic: the factor; 0 otherwise
  ValueId positions_ = kNoValue;
  ValueId position_ids_ = kNoValue;  // [N, T]
  ValueId cosines_ = kNoValue;       // [T, head_size / 2]
  ValueId sines_ = kNoValue;
};

}  // namespace zeropoint
