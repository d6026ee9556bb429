#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

std::size_t axis_of(const OpSite& site) {
  if (site.opset >= 4 && site.node.find("axis") == nullptr) site.invalid("the attribute axis is missing");
  const auto rank = static_cast<std::int64_t>(site.input(0).shape.size());
  return static_cast<std::size_t>(positive_axis(site, site.node.get_int("axis", 1), rank));
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& first = site.input(0);
  const std::size_t axis = axis_of(site);
  Shape shape = first.shape;
  for (std::size_t i = 1; i < site.inputs.size(); ++i) {
    const ValueFacts& other = site.input(i);
    if (other.dtype != first.dtype) {
      site.invalid("input 0 is {}, input {} is {}", name(first.dtype), i, name(other.dtype));
    }
    Shape expected = other.shape;
    if (axis < expected.size()) expected[axis] = first.shape[axis];
    if (expected != first.shape) {
      site.invalid("input {} has shape {}, which does not join {} along axis {}", i, to_string(other.shape),
                   to_string(first.shape), axis);
    }
    if (__builtin_add_overflow(shape[axis], other.shape[axis], &shape[axis])) site.invalid("the output is too large");
  }
  return {planned(site, first.dtype, std::move(shape))};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const std::size_t axis = axis_of(site);
  const std::size_t size = element_bytes(site, site.input(0).dtype);
  const Shape to_strides = row_major_strides(infer(site)[0].shape);
  std::vector<Move> moves;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < site.inputs.size(); ++i) {
    const Shape& shape = site.input(i).shape;
    moves.push_back(
        {.from = i, .to_offset = offset, .copy = StridedCopy(shape, to_strides, row_major_strides(shape), size)});
    offset += static_cast<std::size_t>(shape[axis] * to_strides[axis]) * size;
  }
  return make_moves(std::move(moves));
}

constexpr OpSpec kOps[] = {
    {.op_type = "Concat",
     .infer = infer,
     .make = packed_too<infer, make>,
     .has_axis = true,
     .default_axis = 1,  // before opset 4
     .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_concat() { return kOps; }

}  // namespace zeropoint
