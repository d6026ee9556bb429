#include <cmath>

#include "ops/elementwise.h"

// Mod: the remainder has the sign of the divisor (fmod = 0, as in Python) or of the dividend (fmod = 1, as in C).
namespace zeropoint {
namespace {

constexpr auto kTruncated = [](auto a, auto b) {
  if constexpr (std::is_floating_point_v<decltype(a)>) {
    return std::fmod(a, b);
  } else {
    return static_cast<decltype(a)>(a - wrapping(quotient(a, b), b, [](auto u, auto v) { return u * v; }));
  }
};

constexpr auto kFloored = [](auto a, auto b) {
  const auto remainder = kTruncated(a, b);
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  const bool truncated = site.node.get_int("fmod", 0) != 0;
  return make_wide_binary(site, truncated ? wide_binary_numbers(kTruncated) : wide_binary_numbers(kFloored));
}

constexpr OpSpec kOps[] = {{.op_type = "Mod",
                            .since = 10,
                            .infer = infer_broadcast,
                            .make = make,
                            .in_place = 0,
                            .keeps_layout = true,
                            .float_types = "all floats, integers"}};

}  // namespace

std::span<const OpSpec> ops_mod() { return kOps; }

}  // namespace zeropoint
