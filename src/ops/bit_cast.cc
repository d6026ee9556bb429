#include <cstring>

#include "ops/arguments.h"
#include "ops/move.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  const std::int64_t to = site.node.get_int("to", 0);
  if (to <= 0 || to >= kDTypeCount) site.invalid("to = {} is no type", to);
  const auto dtype = static_cast<DType>(to);
  if (bits(dtype) != bits(x.dtype) || bits(dtype) == 0) {
    site.invalid("{} and {} differ in width", name(x.dtype), name(dtype));
  }
  return {{.dtype = dtype, .shape = x.shape}};
}

constexpr OpSpec kOps[] = {
    {.op_type = "BitCast", .infer = infer, .make = make_copy, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_bit_cast() { return kOps; }

}  // namespace zeropoint
