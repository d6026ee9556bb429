// Plans as JSON: a row per tensor and node, arrays of numbers on one line, shortest digits that read back exactly.
#include <fmt/ranges.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

#include "plan/quant_plan_fields.h"
#include "zeropoint/plan.h"

namespace zeropoint {
namespace {

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Of a real -0 with a fraction: JSON's -0 is the integer 0.
template <class T>
std::string number(T value) {
  return fmt::format("{}{}", value, value == 0 && std::signbit(static_cast<double>(value)) ? ".0" : "");
}

template <class T>
std::string numbers(std::span<const T> values) {
  std::vector<std::string> words;
  for (const T value : values) words.push_back(number(value));
  return fmt::format("[{}]", fmt::join(words, ", "));
}

std::string scales_text(const TensorQParams& q) {
  const auto scales = q.scales.values<float>();
  return q.scales.rank() == 0 ? fmt::format("{}", scales[0]) : numbers(scales);
}

std::string zero_points_text(const TensorQParams& q) {
  const std::vector<std::int32_t> codes = codes_of(q.zero_points);
  return q.zero_points.rank() == 0 ? fmt::format("{}", codes[0]) : numbers(std::span(codes));
}

std::string tensor_text(const PlanTensor& t) {
  const Scheme& scheme = t.qparams.scheme;
  std::string out = fmt::format("    {{\n      \"name\": {},\n      \"role\": \"{}\",\n      \"dtype\": \"{}\"",
                                quoted(t.name), kRoles[static_cast<std::size_t>(t.role)], name(scheme.dtype));
  const auto field = [&](std::string_view key, std::string_view value) {
    out += fmt::format(",\n      \"{}\": {}", key, value);
  };
  const auto flag = [&](std::string_view key, bool value) {
    if (value) field(key, "true");
  };
  flag("symmetric", scheme.symmetric);
  flag("narrow_range", scheme.narrow_range);
  flag("power_of_two", scheme.power_of_two);
  field("granularity", fmt::format("\"{}\"", name(scheme.granularity)));
  if (scheme.granularity != Granularity::per_tensor) field("axis", std::to_string(scheme.axis));
  if (scheme.granularity == Granularity::blocked) {
    field("block_size", std::to_string(scheme.block_size));
    field("grid_shape", numbers(std::span(t.qparams.scales.shape())));
  }
  field("scale", scales_text(t.qparams));
  if (t.qparams.zero_points) field("zero_point", zero_points_text(t.qparams));
  if (!t.ranges.empty()) {
    std::vector<std::string> pairs;
    for (const Range& r : t.ranges) pairs.push_back(fmt::format("[{}, {}]", number(r.min), number(r.max)));
    field("ranges", fmt::format("[{}]", fmt::join(pairs, ", ")));
  }
  if (t.correction) field("correction", numbers(t.correction.values<float>()));
  field("method", quoted(t.method));
  field("reason", quoted(t.reason));
  if (t.clipping_error != 0) field("clipping_error", fmt::format("{}", t.clipping_error));
  if (t.rounding_error != 0) field("rounding_error", fmt::format("{}", t.rounding_error));
  if (t.candidates != 1) field("candidates", std::to_string(t.candidates));
  return out + "\n    }";
}

std::string node_text(const PlanNode& n) {
  std::string out = fmt::format("    {{\"name\": {}, \"op_type\": {}, \"quantized\": {}", quoted(n.name),
                                quoted(n.op_type), n.is_quantized);
  if (!n.reason.empty()) out += fmt::format(", \"reason\": {}", quoted(n.reason));
  return out + "}";
}

}  // namespace

std::string QuantPlan::to_json() const {
  std::string out = fmt::format(
      "{{\n  \"zeropoint_plan\": {},\n  \"format\": {},\n  \"observer\": {},\n  \"quantize_outputs\": {},\n",
      kPlanVersion, quoted(format), quoted(observer), quantize_outputs);
  const auto rows = [&](std::string_view key, const auto& items, auto&& text) {
    out += fmt::format("  \"{}\": [", key);
    for (std::size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "\n" : ",\n") + text(items[i]);
    out += items.empty() ? "]" : "\n  ]";
  };
  rows("tensors", tensors, tensor_text);
  out += ",\n";
  rows("nodes", nodes, node_text);
  return out + "\n}\n";
}

}  // namespace zeropoint
