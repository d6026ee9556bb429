#include <algorithm>

#include "ops/elementwise.h"

// Add, Sub, Mul, Div: float32 through vector kernels, every other number through wide blocks.
namespace zeropoint {
namespace {

struct Row {
  std::string_view op_type;
  BinaryF32 f32;
  WideBinaryTable wide;
};

constexpr Row kRows[] = {
    {"Add", BinaryF32::add,
     wide_binary_numbers([](auto a, auto b) { return wrapping(a, b, [](auto u, auto v) { return u + v; }); })},
    {"Sub", BinaryF32::sub,
     wide_binary_numbers([](auto a, auto b) { return wrapping(a, b, [](auto u, auto v) { return u - v; }); })},
    {"Mul", BinaryF32::mul,
     wide_binary_numbers([](auto a, auto b) { return wrapping(a, b, [](auto u, auto v) { return u * v; }); })},
    {"Div", BinaryF32::div, wide_binary_numbers([](auto a, auto b) { return quotient(a, b); })},
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Row& row = *std::ranges::find(kRows, site.node.op_type, &Row::op_type);
  return make_binary(site, row.f32, row.wide);
}

constexpr OpSpec spec(std::string_view op_type) {
  return {.op_type = op_type,
          .since = 7,
          .infer = infer_broadcast,
          .make = make,
          .in_place = 0,
          .keeps_layout = true,
          .float_types = "all floats, integers"};
}
constexpr OpSpec kOps[] = {spec("Add"), spec("Sub"), spec("Mul"), spec("Div")};

}  // namespace

std::span<const OpSpec> ops_arithmetic() { return kOps; }

}  // namespace zeropoint
