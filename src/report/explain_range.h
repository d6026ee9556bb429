// `zeropoint explain --min A --max B`: how this range becomes a scale and a zero point, and what
// happens to the values given. The numbers come from derive_qparams(); this is their telling.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "zeropoint/quant.h"

namespace zeropoint {

/// One value on its way through the quantizer.
struct ExplainedValue {
  float x = 0;
  double steps = 0;    // x / S
  double rounded = 0;  // half to even; of a float type: the number that the code stands for
  std::int32_t q = 0;  // of a float type: its bits
  float x_back = 0;
  bool is_clipped = false;
};

/// What one published convention makes of the same range.
struct ConventionRow {
  Convention convention;
  Derivation derivation;
  std::string note;  // why it differs, in a few words
};

struct RangeExplanation {
  Scheme scheme;
  Derivation derivation;
  std::vector<ExplainedValue> values;
  std::vector<ConventionRow> conventions;  // none for float codes
};

RangeExplanation explain_range(Range range, const Scheme& scheme, std::span<const float> values);

std::string to_text(const RangeExplanation& explanation);  ///< fits 80 columns
std::string to_json(const RangeExplanation& explanation);
std::string to_svg(const RangeExplanation& explanation);

}  // namespace zeropoint
