#include <algorithm>
#include <cmath>

#include "ops/elementwise.h"
#include "ops/unary.h"

// Activation functions of one input with at most two attributes.
namespace zeropoint {
namespace {

using Scalar = double (*)(double x, double alpha, double beta);

struct AttributeDefault {
  std::string_view name = {};
  float value = 0;
};

struct Row {
  std::string_view op_type;
  int since;
  UnaryF32 f32;
  Scalar f64;
  AttributeDefault alpha = {};
  AttributeDefault beta = {};
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double hard_sigmoid(double x, double alpha, double beta) { return std::clamp(alpha * x + beta, 0.0, 1.0); }

// The defaults are those of the ONNX operator specifications.
constexpr Row kRows[] = {
    {"Relu", 6, UnaryF32::relu, [](double x, double, double) { return x < 0 ? 0.0 : x; }},
    {"LeakyRelu",
     6,
     UnaryF32::leaky_relu,
     [](double x, double a, double) { return x < 0 ? a * x : x; },
     {"alpha", 0.01F}},
    {"Elu",
     6,
     UnaryF32::elu,
     [](double x, double a, double) { return x < 0 ? a * std::expm1(x) : x; },
     {"alpha", 1.0F}},
    {"Celu",
     12,
     UnaryF32::celu,
     [](double x, double a, double) { return x < 0 ? a * std::expm1(x / a) : x; },
     {"alpha", 1.0F}},
    {"Selu",
     6,
     UnaryF32::selu,
     [](double x, double a, double b) { return b * (x > 0 ? x : a * std::expm1(x)); },
     {"alpha", 1.67326319217681884765625F},
     {"gamma", 1.05070102214813232421875F}},
    {"ThresholdedRelu",
     10,
     UnaryF32::thresholded_relu,
     [](double x, double a, double) { return x <= a ? 0.0 : x; },
     {"alpha", 1.0F}},
    {"HardSigmoid", 6, UnaryF32::hard_sigmoid, hard_sigmoid, {"alpha", 0.2F}, {"beta", 0.5F}},
    {"HardSwish", 14, UnaryF32::hard_swish, [](double x, double, double) { return x * hard_sigmoid(x, 1.0 / 6, 0.5); }},
    {"Sigmoid", 6, UnaryF32::sigmoid, [](double x, double, double) { return sigmoid(x); }},
    {"Tanh", 6, UnaryF32::tanh, [](double x, double, double) { return std::tanh(x); }},
    {"Swish", 24, UnaryF32::swish, [](double x, double a, double) { return x * sigmoid(a * x); }, {"alpha", 1.0F}},
    {"Softplus", 1, UnaryF32::softplus, [](double x, double, double) { return softplus(x); }},
    {"Softsign", 1, UnaryF32::softsign, [](double x, double, double) { return x / (1 + std::abs(x)); }},
    {"Mish", 18, UnaryF32::mish, [](double x, double, double) { return x * std::tanh(softplus(x)); }},
    {"Shrink",
     9,
     UnaryF32::shrink,
     [](double x, double lambd, double bias) {
       return x < -lambd ? x + bias : x > lambd ? x - bias : x != x ? x : 0.0;
     },
     {"lambd", 0.5F},
     {"bias", 0.0F}},
};

std::unique_ptr<Kernel> make_f64(Scalar f, UnaryParams params) {
  return make_kernel([f, params](const KernelIo& io) {
    const double* x = io.in(0).data<double>();
    double* y = io.out(0).mutable_data<double>();
    parallel_ranges(io.in(0).size(), kCostlyGrain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) y[i] = f(x[i], params.alpha, params.beta);
    });
  });
}

std::unique_ptr<Kernel> make_typed(const OpSite& site, UnaryF32 f32, Scalar f64, UnaryParams params) {
  if (computes_as_f32(site)) return make_unary_f32(site, f32, params);
  if (site.input(0).dtype == DType::f64) return make_f64(f64, params);
  site.unsupported("{} is not offered for this operator", name(site.input(0).dtype));
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.node.op_type == "Relu" && is_integer(site.input(0).dtype)) {
    constexpr auto kRelu = [](auto x) { return x < 0 ? decltype(x){0} : x; };
    return make_wide_unary(site, wide_unary_integers(kRelu));
  }
  const Row& row = *std::ranges::find(kRows, site.node.op_type, &Row::op_type);
  const auto attribute = [&](AttributeDefault a) {
    return a.name.empty() ? 0.0F : site.node.get_float(a.name, a.value);
  };
  return make_typed(site, row.f32, row.f64, {attribute(row.alpha), attribute(row.beta)});
}

std::unique_ptr<Kernel> make_gelu(const OpSite& site) {
  const std::string approximate = site.node.get_string("approximate", "none");
  if (approximate == "tanh") {
    return make_typed(site, UnaryF32::gelu_tanh,
                      [](double x, double, double) {
                        return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
                      },
                      {});
  }
  if (approximate == "none") {
    return make_typed(site, UnaryF32::gelu,
                      [](double x, double, double) { return x / 2 * (1 + std::erf(x * M_SQRT1_2)); }, {});
  }
  site.invalid("approximate is '{}'; it must be none or tanh", approximate);
}

std::vector<OpSpec> specs() {
  std::vector<OpSpec> all;
  const auto add = [&](std::string_view op_type, std::string_view domain, int since,
                       std::unique_ptr<Kernel> (*maker)(const OpSite&)) {
    all.push_back({.op_type = op_type,
                   .domain = domain,
                   .since = since,
                   .infer = infer_like_input,
                   .make = maker,
                   .in_place = 0,
                   .keeps_layout = true,
                   .float_types = "all floats"});
  };
  for (const Row& row : kRows) add(row.op_type, "", row.since, make);
  add("Gelu", "", 20, make_gelu);
  add("Gelu", "com.microsoft", 1, make_gelu);
  return all;
}

}  // namespace

std::span<const OpSpec> ops_activations() {
  static const std::vector<OpSpec> all = specs();
  return all;
}

}  // namespace zeropoint
