// The equation of an Einsum, for example "bhqd,bhkd->bhqk": which dimension of which operand carries
// which label. An ellipsis stands for labels of its own, aligned from the right.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ops/op.h"

namespace zeropoint {

struct EinsumEquation {
  using Label = int;  // a letter, or kEllipsis + distance from the ellipsis' right end
  static constexpr Label kEllipsis = 1000;

  std::vector<std::vector<Label>> operands;  // one label per dimension
  std::vector<Label> output;
  std::map<Label, std::int64_t> sizes;
};

/// Parses the node's equation for its input shapes. Throws invalid_model where they do not fit.
EinsumEquation parse_einsum(const OpSite& site);

}  // namespace zeropoint
