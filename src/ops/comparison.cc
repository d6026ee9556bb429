#include <algorithm>

#include "ops/elementwise.h"

// Equal, Greater, Less, GreaterOrEqual, LessOrEqual. Equal also compares booleans and strings.
namespace zeropoint {
namespace {

struct Row {
  std::string_view op_type;
  WideBinaryTable wide;
};
constexpr Row kRows[] = {
    {"Equal", wide_binary_numbers([](auto a, auto b) { return a == b; })},
    {"Greater", wide_binary_numbers([](auto a, auto b) { return a > b; })},
    {"GreaterOrEqual", wide_binary_numbers([](auto a, auto b) { return a >= b; })},
    {"Less", wide_binary_numbers([](auto a, auto b) { return a < b; })},
    {"LessOrEqual", wide_binary_numbers([](auto a, auto b) { return a <= b; })},
};

std::unique_ptr<Kernel> make_equal_strings(const OpSite& site) {
  const Broadcast walk(broadcast_shape(site), {&site.input(0).shape, &site.input(1).shape}, kCheapGrain);
  return make_kernel([walk](const KernelIo& io) {
    const std::vector<std::string>& a = io.in(0).strings();
    const std::vector<std::string>& b = io.in(1).strings();
    auto* y = io.out(0).mutable_data<std::uint8_t>();
    walk.for_each_tile([&](const Broadcast::Tile& t) {
      for (std::int64_t row = 0; row < t.rows; ++row) {
        for (std::int64_t col = 0; col < t.cols; ++col) {
          const auto i = static_cast<std::size_t>(t.in[0] + row * t.row_step[0] + col * t.col_step[0]);
          const auto j = static_cast<std::size_t>(t.in[1] + row * t.row_step[1] + col * t.col_step[1]);
          y[t.out + row * t.cols + col] = a[i] == b[j];
        }
      }
    });
  });
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Row& row = *std::ranges::find(kRows, site.node.op_type, &Row::op_type);
  if (row.op_type == "Equal" && site.input(0).dtype == DType::string) return make_equal_strings(site);
  return make_wide_binary(site, row.wide, WideResult::boolean);
}

constexpr OpSpec spec(std::string_view op_type, std::string_view types) {
  return {.op_type = op_type,
          .since = 7,
          .infer = infer_broadcast_boolean,
          .make = make,
          .keeps_layout = true,
          .float_types = types};
}
constexpr std::string_view kNumbers = "float16 bfloat16 float32 float64, integers";
constexpr OpSpec kOps[] = {spec("Equal", "float16 bfloat16 float32 float64, integers, boolean, string"),
                           spec("Greater", kNumbers), spec("GreaterOrEqual", kNumbers), spec("Less", kNumbers),
                           spec("LessOrEqual", kNumbers)};

}  // namespace

std::span<const OpSpec> ops_comparison() { return kOps; }

}  // namespace zeropoint
