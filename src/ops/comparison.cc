#include <algorithm>

#include "kernels/elementwise/compare.h"
#include "ops/elementwise.h"

// Equal, Greater, Less, GreaterOrEqual, LessOrEqual. Equal also compares booleans and strings.
namespace zeropoint {
namespace {

struct Row {
  std::string_view op_type;
  Comparison comparison;
  bool is_swapped;  // less is greater with the operands exchanged
  WideBinaryTable wide;
};
constexpr Row kRows[] = {
    {"Equal", Comparison::equal, false, wide_binary_numbers([](auto a, auto b) { return a == b; })},
    {"Greater", Comparison::greater, false, wide_binary_numbers([](auto a, auto b) { return a > b; })},
    {"GreaterOrEqual", Comparison::greater_or_equal, false, wide_binary_numbers([](auto a, auto b) { return a >= b; })},
    {"Less", Comparison::greater, true, wide_binary_numbers([](auto a, auto b) { return a < b; })},
    {"LessOrEqual", Comparison::greater_or_equal, true, wide_binary_numbers([](auto a, auto b) { return a <= b; })},
};

template <class T>
std::unique_ptr<Kernel> make_typed(const OpSite& site, const Row& row,
                                   void (*compare)(Comparison, Strided<T>, Strided<T>, std::uint8_t*, std::int64_t,
                                                   std::int64_t)) {
  const Broadcast walk(broadcast_shape(site), {&site.input(0).shape, &site.input(1).shape}, kCheapGrain);
  return make_kernel([walk, compare, row](const KernelIo& io) {
    const std::size_t first = row.is_swapped ? 1 : 0;
    const std::size_t second = 1 - first;
    const T* a = io.in(first).data<T>();
    const T* b = io.in(second).data<T>();
    auto* y = io.out(0).mutable_data<std::uint8_t>();
    walk.for_each_tile([&](const Broadcast::Tile& t) {
      const auto operand = [&t](const T* data, std::size_t k) {
        return Strided<T>{data + t.in[k], t.row_step[k], t.col_step[k]};
      };
      compare(row.comparison, operand(a, first), operand(b, second), y + t.out, t.rows, t.cols);
    });
  });
}

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
  switch (site.input(0).dtype) {
    case DType::f32:
      return make_typed<float>(site, row, compare_f32);
    case DType::i32:
      return make_typed<std::int32_t>(site, row, compare_s32);
    case DType::i64:
      return make_typed<std::int64_t>(site, row, compare_s64);
    default:
      return make_wide_binary(site, row.wide, WideResult::boolean);
  }
}

constexpr OpSpec spec(std::string_view op_type, std::string_view types) {
  return {.op_type = op_type,
          .since = 7,
          .infer = infer_broadcast_boolean,
          .make = make,
          .keeps_layout = true,
          .float_types = types};
}
constexpr std::string_view kNumbers = "all floats, integers";
constexpr OpSpec kOps[] = {spec("Equal", "all floats, integers, boolean, string"), spec("Greater", kNumbers),
                           spec("GreaterOrEqual", kNumbers), spec("Less", kNumbers), spec("LessOrEqual", kNumbers)};

}  // namespace

std::span<const OpSpec> ops_comparison() { return kOps; }

}  // namespace zeropoint
