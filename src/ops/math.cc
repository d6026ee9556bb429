#include <algorithm>
#include <cmath>

#include "kernels/elementwise/unary.h"
#include "ops/elementwise.h"
#include "ops/unary.h"

// Functions of one number. float32 goes through vector kernels where there is one.
namespace zeropoint {
namespace {

constexpr auto kAbs = [](auto x) {
  if constexpr (std::is_floating_point_v<decltype(x)>) return std::abs(x);
  if constexpr (std::is_unsigned_v<decltype(x)>) return x;
  return x < 0 ? wrapping(decltype(x){0}, x, [](auto u, auto v) { return u - v; }) : x;
};
constexpr auto kNeg = [](auto x) {
  if constexpr (std::is_floating_point_v<decltype(x)>) return -x;
  return wrapping(decltype(x){0}, x, [](auto u, auto v) { return u - v; });
};
constexpr auto kSign = [](auto x) {
  if (x != x) return x;
  return static_cast<decltype(x)>((x > 0 ? 1 : 0) - (x < 0 ? 1 : 0));
};

struct Row {
  std::string_view op_type;
  int since;
  WideUnaryTable wide;
  std::optional<UnaryF32> f32 = std::nullopt;
};
const Row kRows[] = {
    {"Abs", 6, wide_unary_numbers(kAbs), UnaryF32::abs},
    {"Neg", 6, wide_unary_numbers(kNeg), UnaryF32::neg},
    {"Sign", 9, wide_unary_numbers(kSign)},
    {"Floor", 6, wide_unary_floats([](auto x) { return std::floor(x); }), UnaryF32::floor},
    {"Ceil", 6, wide_unary_floats([](auto x) { return std::ceil(x); }), UnaryF32::ceil},
    {"Round", 11, wide_unary_floats([](auto x) { return std::nearbyint(x); }), UnaryF32::round},
    {"Sqrt", 6, wide_unary_floats([](auto x) { return std::sqrt(x); }), UnaryF32::sqrt},
    {"Reciprocal", 6, wide_unary_floats([](auto x) { return 1 / x; }), UnaryF32::reciprocal},
    {"Exp", 6, wide_unary_floats([](auto x) { return std::exp(x); }), UnaryF32::exp},
    {"Log", 6, wide_unary_floats([](auto x) { return std::log(x); }), UnaryF32::log},
    {"Erf", 9, wide_unary_floats([](auto x) { return std::erf(x); }), UnaryF32::erf},
    {"Sin", 7, wide_unary_floats([](auto x) { return std::sin(x); })},
    {"Cos", 7, wide_unary_floats([](auto x) { return std::cos(x); })},
    {"Tan", 7, wide_unary_floats([](auto x) { return std::tan(x); })},
    {"Asin", 7, wide_unary_floats([](auto x) { return std::asin(x); })},
    {"Acos", 7, wide_unary_floats([](auto x) { return std::acos(x); })},
    {"Atan", 7, wide_unary_floats([](auto x) { return std::atan(x); })},
    {"Sinh", 9, wide_unary_floats([](auto x) { return std::sinh(x); })},
    {"Cosh", 9, wide_unary_floats([](auto x) { return std::cosh(x); })},
    {"Asinh", 9, wide_unary_floats([](auto x) { return std::asinh(x); })},
    {"Acosh", 9, wide_unary_floats([](auto x) { return std::acosh(x); })},
    {"Atanh", 9, wide_unary_floats([](auto x) { return std::atanh(x); })},
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Row& row = *std::ranges::find(kRows, site.node.op_type, &Row::op_type);
  if (row.f32 && computes_as_f32(site)) return make_unary_f32(site, *row.f32, {});
  return make_wide_unary(site, row.wide);
}

std::unique_ptr<Kernel> make_is_nan(const OpSite& site) {
  constexpr auto kIsNan = [](auto x) { return std::isnan(x); };
  return make_wide_unary(site, wide_unary_floats(kIsNan), WideResult::boolean);
}

std::unique_ptr<Kernel> make_is_inf(const OpSite& site) {
  const bool positive = site.node.get_int("detect_positive", 1) != 0;
  const bool negative = site.node.get_int("detect_negative", 1) != 0;
  constexpr auto kBoth = [](auto x) { return std::isinf(x); };
  constexpr auto kPositive = [](auto x) { return std::isinf(x) && x > 0; };
  constexpr auto kNegative = [](auto x) { return std::isinf(x) && x < 0; };
  constexpr auto kNever = [](auto x) { return x != x && x == x; };
  const WideUnaryTable table = positive && negative ? wide_unary_floats(kBoth)
                               : positive           ? wide_unary_floats(kPositive)
                               : negative           ? wide_unary_floats(kNegative)
                                                    : wide_unary_floats(kNever);
  return make_wide_unary(site, table, WideResult::boolean);
}

std::vector<OpSpec> specs() {
  constexpr std::string_view kFloats = "all floats";
  std::vector<OpSpec> all = {
      {.op_type = "IsNaN",
       .since = 9,
       .infer = infer_boolean_like_input,
       .make = make_is_nan,
       .keeps_layout = true,
       .float_types = "all floats, 8-bit floats"},
      {.op_type = "IsInf",
       .since = 10,
       .infer = infer_boolean_like_input,
       .make = make_is_inf,
       .keeps_layout = true,
       .float_types = "all floats, 8-bit floats"},
  };
  for (const Row& row : kRows) {
    const bool takes_integers = row.wide[static_cast<std::size_t>(Wide::i64)] != nullptr;
    all.push_back({.op_type = row.op_type,
                   .since = row.since,
                   .infer = infer_like_input,
                   .make = make,
                   .in_place = 0,
                   .keeps_layout = true,
                   .float_types = takes_integers ? "all floats, integers" : kFloats});
  }
  return all;
}

}  // namespace

std::span<const OpSpec> ops_math() {
  static const std::vector<OpSpec> all = specs();
  return all;
}

}  // namespace zeropoint
