#include <algorithm>

#include "ops/elementwise.h"

// And, Or, Xor, Not on booleans; BitwiseAnd, BitwiseOr, BitwiseXor, BitwiseNot, BitShift on integers.
namespace zeropoint {
namespace {

struct Row {
  std::string_view op_type;
  WideBinaryTable wide;
};
constexpr auto kShiftLeft = [](auto a, auto b) {
  return static_cast<std::uint64_t>(b) < 64 ? static_cast<decltype(a)>(static_cast<std::uint64_t>(a) << b) : 0;
};
constexpr auto kShiftRight = [](auto a, auto b) {
  return static_cast<std::uint64_t>(b) < 64 ? static_cast<decltype(a)>(static_cast<std::uint64_t>(a) >> b) : 0;
};
constexpr Row kRows[] = {
    {"And", wide_binary_integers([](auto a, auto b) { return a & b; })},
    {"Or", wide_binary_integers([](auto a, auto b) { return a | b; })},
    {"Xor", wide_binary_integers([](auto a, auto b) { return a ^ b; })},
    {"BitwiseAnd", wide_binary_integers([](auto a, auto b) { return a & b; })},
    {"BitwiseOr", wide_binary_integers([](auto a, auto b) { return a | b; })},
    {"BitwiseXor", wide_binary_integers([](auto a, auto b) { return a ^ b; })},
};

std::unique_ptr<Kernel> make_binary_bits(const OpSite& site) {
  return make_wide_binary(site, std::ranges::find(kRows, site.node.op_type, &Row::op_type)->wide);
}

std::unique_ptr<Kernel> make_not(const OpSite& site) {
  constexpr auto kNot = [](auto a) { return a == 0; };
  return make_wide_unary(site, wide_unary_integers(kNot), WideResult::boolean);
}

std::unique_ptr<Kernel> make_bitwise_not(const OpSite& site) {
  constexpr auto kNot = [](auto a) { return static_cast<decltype(a)>(~a); };
  return make_wide_unary(site, wide_unary_integers(kNot));
}

std::unique_ptr<Kernel> make_shift(const OpSite& site) {
  const std::string direction = site.node.get_string("direction", "");
  if (direction == "LEFT") return make_wide_binary(site, wide_binary_integers(kShiftLeft));
  if (direction == "RIGHT") return make_wide_binary(site, wide_binary_integers(kShiftRight));
  site.invalid("direction is '{}'; it must be LEFT or RIGHT", direction);
}

std::vector<ValueFacts> infer_booleans(const OpSite& site) {
  for (std::size_t i = 0; i < site.inputs.size(); ++i) {
    if (site.input(i).dtype != DType::boolean)
      site.invalid("input {} is {}, not boolean", i, name(site.input(i).dtype));
  }
  return infer_broadcast(site);
}

constexpr OpSpec boolean(std::string_view op_type, int since, std::unique_ptr<Kernel> (*make)(const OpSite&)) {
  return {.op_type = op_type,
          .since = since,
          .infer = infer_booleans,
          .make = make,
          .in_place = 0,
          .keeps_layout = true,
          .float_types = "boolean"};
}
constexpr OpSpec integer(std::string_view op_type, int since, std::unique_ptr<Kernel> (*make)(const OpSite&)) {
  return {.op_type = op_type,
          .since = since,
          .infer = infer_broadcast,
          .make = make,
          .in_place = 0,
          .keeps_layout = true,
          .float_types = "integers"};
}
constexpr OpSpec kOps[] = {
    boolean("And", 7, make_binary_bits),         boolean("Or", 7, make_binary_bits),
    boolean("Xor", 7, make_binary_bits),         boolean("Not", 1, make_not),
    integer("BitwiseAnd", 18, make_binary_bits), integer("BitwiseOr", 18, make_binary_bits),
    integer("BitwiseXor", 18, make_binary_bits), integer("BitwiseNot", 18, make_bitwise_not),
    integer("BitShift", 11, make_shift),
};

}  // namespace

std::span<const OpSpec> ops_logic() { return kOps; }

}  // namespace zeropoint
