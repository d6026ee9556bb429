#include <algorithm>
#include <optional>

#include "ops/arguments.h"
#include "ops/move.h"

namespace zeropoint {
namespace {

/// The new shape: 0 keeps the input's dimension (unless allowzero), one -1 takes what is left over.
Shape resolve(const OpSite& site, const std::vector<std::int64_t>& wanted) {
  const Shape& from = site.input(0).shape;
  const bool allow_zero = site.node.get_int("allowzero", 0) != 0;
  const std::int64_t count = element_count(from);
  Shape to = wanted;
  std::optional<std::size_t> inferred;
  std::int64_t known = 1;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] == -1) {
      if (inferred) site.invalid("the shape {} has more than one -1", to_string(wanted));
      inferred = i;
      continue;
    }
    if (to[i] == 0 && !allow_zero) {
      if (i >= from.size()) {
        site.invalid("the 0 at position {} of the shape {} has no dimension of {} to keep", i, to_string(wanted),
                     to_string(from));
      }
      to[i] = from[i];
    }
    if (to[i] < 0 || __builtin_mul_overflow(known, to[i], &known)) {
      site.invalid("{} is not a shape that {} can take", to_string(wanted), to_string(from));
    }
  }
  if (inferred) {
    if (allow_zero && std::count(wanted.begin(), wanted.end(), 0) > 0) {
      site.invalid("the shape {} has both 0 and -1", to_string(wanted));
    }
    if (known == 0 || count % known != 0) {
      site.invalid("{} elements of {} do not fill the shape {}", count, to_string(from), to_string(wanted));
    }
    to[*inferred] = count / known;
    known *= to[*inferred];
  }
  if (known != count) {
    site.invalid("{} elements of {} do not fill the shape {}", count, to_string(from), to_string(wanted));
  }
  return to;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (site.node.find("shape") == nullptr && is_pending(site, 1)) return late(x.dtype);
  const auto wanted = integer_list(site, "shape", 1);
  if (!wanted) site.invalid("no shape is given");
  return {{.dtype = x.dtype, .shape = resolve(site, *wanted)}};
}

constexpr OpSpec kOps[] = {
    {.op_type = "Reshape", .infer = infer, .make = make_copy, .is_view = true, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_reshape() { return kOps; }

}  // namespace zeropoint
