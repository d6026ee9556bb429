#include <algorithm>
#include <numeric>

#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

/// Output axis i is input axis perm[i]; without the attribute the axes are reversed.
std::vector<std::int64_t> permutation(const OpSite& site) {
  const std::size_t rank = site.input(0).shape.size();
  if (site.node.find("perm") == nullptr) {
    std::vector<std::int64_t> reversed(rank);
    std::iota(reversed.rbegin(), reversed.rend(), 0);
    return reversed;
  }
  std::vector<std::int64_t> perm = site.node.get_ints("perm");
  if (perm.size() != rank) {
    site.invalid("perm {} does not name the {} axes of {}", to_string(perm), rank, to_string(site.input(0).shape));
  }
  return positive_axes(site, std::move(perm), static_cast<std::int64_t>(rank));
}

Shape permuted(const Shape& shape, const std::vector<std::int64_t>& perm) {
  Shape result;
  for (const std::int64_t axis : perm) result.push_back(shape[static_cast<std::size_t>(axis)]);
  return result;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  return {{.dtype = site.input(0).dtype, .shape = permuted(site.input(0).shape, permutation(site))}};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  const std::vector<std::int64_t> perm = permutation(site);
  const Shape to = permuted(x.shape, perm);
  const Shape from_strides = permuted(row_major_strides(x.shape), perm);
  return make_moves({{.copy = StridedCopy(to, row_major_strides(to), from_strides, element_bytes(site, x.dtype))}});
}

constexpr OpSpec kOps[] = {
    {.op_type = "Transpose", .infer = infer, .make = packed_too<infer, make>, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_transpose() { return kOps; }

}  // namespace zeropoint
