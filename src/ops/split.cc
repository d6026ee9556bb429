#include <algorithm>
#include <numeric>

#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

std::size_t axis_of(const OpSite& site) {
  const auto rank = static_cast<std::int64_t>(site.input(0).shape.size());
  return static_cast<std::size_t>(positive_axis(site, site.node.get_int("axis", 0), rank));
}

/// The length of each output along the axis.
std::vector<std::int64_t> lengths(const OpSite& site, std::int64_t total) {
  const auto parts = static_cast<std::int64_t>(site.node.outputs.size());
  if (const auto given = integer_list(site, "split", 1)) {
    if (given->size() != site.node.outputs.size()) {
      site.invalid("split names {} lengths for {} outputs", given->size(), parts);
    }
    std::int64_t sum = 0;
    for (const std::int64_t length : *given) {
      if (length < 0 || __builtin_add_overflow(sum, length, &sum)) site.invalid("split has the length {}", length);
    }
    if (sum != total) site.invalid("the lengths of split {} add up to {}, not {}", to_string(*given), sum, total);
    return *given;
  }
  const std::int64_t wanted = site.node.get_int("num_outputs", parts);
  if (wanted != parts || parts == 0) site.invalid("num_outputs is {} but there are {} outputs", wanted, parts);
  const bool may_be_uneven = site.opset >= 18;
  if (total % parts != 0 && !may_be_uneven) site.invalid("{} elements do not split into {} equal parts", total, parts);
  const std::int64_t length = (total + parts - 1) / parts;
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < parts; ++i) result.push_back(std::clamp<std::int64_t>(total - i * length, 0, length));
  return result;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (is_pending(site, 1)) return late(x.dtype, site.node.outputs.size());
  const std::size_t axis = axis_of(site);
  std::vector<ValueFacts> outputs;
  for (const std::int64_t length : lengths(site, x.shape[axis])) {
    outputs.push_back({.dtype = x.dtype, .shape = x.shape});
    outputs.back().shape[axis] = length;
  }
  return outputs;
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  const std::size_t axis = axis_of(site);
  const std::size_t size = element_bytes(site, x.dtype);
  const Shape from_strides = row_major_strides(x.shape);
  std::vector<Move> moves;
  std::size_t offset = 0;
  for (std::size_t i = 0; const ValueFacts& part : infer(site)) {
    if (site.node.outputs[i] != kNoValue) {
      moves.push_back({.to = i,
                       .from_offset = offset,
                       .copy = StridedCopy(part.shape, row_major_strides(part.shape), from_strides, size)});
    }
    offset += static_cast<std::size_t>(part.shape[axis] * from_strides[axis]) * size;
    ++i;
  }
  return make_moves(std::move(moves));
}

constexpr OpSpec kOps[] = {
    {.op_type = "Split", .infer = infer, .make = packed_too<infer, make>, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_split() { return kOps; }

}  // namespace zeropoint
