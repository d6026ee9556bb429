// Plans from JSON: every access is checked and names the row and the field.
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "base/fail.h"
#include "base/nearest.h"
#include "plan/quant_plan_fields.h"
#include "zeropoint/plan.h"

namespace zeropoint {
namespace {

using nlohmann::json;

constexpr std::string_view kPlanFields[] = {"zeropoint_plan",   "format",  "observer",
                                            "quantize_outputs", "tensors", "nodes"};
constexpr std::string_view kTensorFields[] = {
    "name",   "role",       "dtype",          "symmetric",      "narrow_range", "power_of_two", "granularity",
    "axis",   "block_size", "grid_shape",     "scale",          "zero_point",   "ranges",       "correction",
    "method", "reason",     "clipping_error", "rounding_error", "candidates"};
constexpr std::string_view kNodeFields[] = {"name", "op_type", "quantized", "reason"};

struct Row {
  const json& object;
  std::string where;  // file and row, for messages

  template <class... Args>
  [[noreturn]] void bad(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(ErrorKind::invalid_data, where, fmt::format(format, std::forward<Args>(args)...));
  }

  /// What would be ignored is a slip of the fingers.
  void only(std::span<const std::string_view> fields) const {
    if (!object.is_object()) bad("expected an object");
    for (const auto& [key, value] : object.items()) {
      if (std::find(fields.begin(), fields.end(), key) == fields.end()) bad("{}", unknown_word("field", key, fields));
    }
  }
  const json* find(const char* key) const {
    if (!object.is_object()) bad("expected an object");
    const auto it = object.find(key);
    return it == object.end() ? nullptr : &*it;
  }
  const json& need(const char* key) const {
    const json* field = find(key);
    if (field == nullptr) bad("'{}' is missing", key);
    return *field;
  }
  std::string text(const char* key) const {
    const json& field = need(key);
    if (!field.is_string()) bad("'{}' must be text", key);
    return field.get<std::string>();
  }
  std::string text_or_empty(const char* key) const { return find(key) == nullptr ? "" : text(key); }
  bool flag(const char* key) const {
    const json* field = find(key);
    if (field == nullptr) return false;
    if (!field->is_boolean()) bad("'{}' must be true or false", key);
    return field->get<bool>();
  }
  double as_number(const json& field, const char* key) const {
    if (!field.is_number()) bad("'{}' must be a number", key);
    return field.get<double>();
  }
  double number_or(const char* key, double otherwise) const {
    const json* field = find(key);
    return field == nullptr ? otherwise : as_number(*field, key);
  }
  std::int64_t as_integer(const json& field, const char* key, std::int64_t low, std::int64_t high) const {
    if (!field.is_number_integer()) bad("'{}' must be an integer", key);
    if (field.is_number_unsigned() && field.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
      bad("'{}' is out of range", key);
    }
    const auto value = field.get<std::int64_t>();
    if (value < low || value > high) bad("'{}' is {}; it must be in [{}, {}]", key, value, low, high);
    return value;
  }
  std::int64_t integer_or(const char* key, std::int64_t otherwise, std::int64_t low, std::int64_t high) const {
    const json* field = find(key);
    return field == nullptr ? otherwise : as_integer(*field, key, low, high);
  }
  const json& list(const char* key) const {
    const json& field = need(key);
    if (!field.is_array()) bad("'{}' must be a list", key);
    return field;
  }
};

Scheme read_scheme(const Row& row) {
  Scheme scheme;
  const std::string dtype = row.text("dtype");
  const auto parsed = parse_dtype(dtype);
  if (!parsed || !is_integer(*parsed) || bits(*parsed) > 32)
    row.bad("'dtype' is '{}', not a type of integer codes", dtype);
  scheme.dtype = *parsed;
  scheme.symmetric = row.flag("symmetric");
  scheme.narrow_range = row.flag("narrow_range");
  scheme.power_of_two = row.flag("power_of_two");
  const std::string granularity = row.text("granularity");
  const auto known = parse_granularity(granularity);
  if (!known) row.bad("'granularity' is '{}'; it must be per_tensor, per_axis or blocked", granularity);
  scheme.granularity = *known;
  scheme.axis = static_cast<int>(row.integer_or("axis", 0, 0, 7));
  if (scheme.granularity == Granularity::blocked) {
    scheme.block_size = row.as_integer(row.need("block_size"), "block_size", 1, std::int64_t{1} << 40);
  }
  return scheme;
}

// The shape of scales, checked against how many there are.
Shape read_grid_shape(const Row& row, const Scheme& scheme, std::size_t count) {
  if (scheme.granularity == Granularity::per_tensor) return {};
  if (scheme.granularity == Granularity::per_axis) return {static_cast<std::int64_t>(count)};
  Shape shape;
  std::int64_t product = 1;
  for (const json& dim : row.list("grid_shape")) {
    shape.push_back(row.as_integer(dim, "grid_shape", 0, static_cast<std::int64_t>(count)));
    product *= shape.back();
    if (product > static_cast<std::int64_t>(count)) break;
  }
  if (product != static_cast<std::int64_t>(count)) row.bad("'grid_shape' does not fit {} scales", count);
  return shape;
}

TensorQParams read_qparams(const Row& row) {
  TensorQParams q;
  q.scheme = read_scheme(row);
  const bool per_tensor = q.scheme.granularity == Granularity::per_tensor;
  const auto each = [&](const char* key, auto&& take) {
    const json& field = per_tensor ? row.need(key) : row.list(key);
    if (per_tensor) {
      take(field);
    } else {
      for (const json& value : field) take(value);
    }
  };

  std::vector<float> scales;
  each("scale", [&](const json& value) {
    const auto scale = static_cast<float>(row.as_number(value, "scale"));
    if (!std::isfinite(scale) || scale <= 0) row.bad("'scale' must be finite and above zero");
    scales.push_back(scale);
  });
  const Shape shape = read_grid_shape(row, q.scheme, scales.size());
  q.scales = Tensor::copy_of<float>(shape, scales);
  if (row.find("zero_point") == nullptr) return q;

  const std::int32_t low = static_cast<std::int32_t>(min_code(q.scheme.dtype));
  const std::int32_t high = static_cast<std::int32_t>(max_code(q.scheme.dtype));
  std::vector<std::int32_t> zero_points;
  each("zero_point", [&](const json& value) {
    zero_points.push_back(static_cast<std::int32_t>(row.as_integer(value, "zero_point", low, high)));
  });
  if (zero_points.size() != scales.size()) row.bad("{} zero points for {} scales", zero_points.size(), scales.size());
  q.zero_points = tensor_of_codes(q.scheme.dtype, shape, zero_points);
  return q;
}

Tensor read_correction(const Row& row) {
  std::vector<float> values;
  for (const json& value : row.list("correction")) {
    values.push_back(static_cast<float>(row.as_number(value, "correction")));
    if (!std::isfinite(values.back())) row.bad("'correction' must be finite");
  }
  return Tensor::copy_of<float>({static_cast<std::int64_t>(values.size())}, values);
}

PlanTensor read_tensor(const Row& row) {
  row.only(kTensorFields);
  PlanTensor t;
  t.name = row.text("name");
  const std::string role = row.text("role");
  const auto known = std::find(kRoles.begin(), kRoles.end(), role);
  if (known == kRoles.end()) row.bad("'role' is '{}'; it must be weight, activation or bias", role);
  t.role = static_cast<TensorRole>(known - kRoles.begin());
  t.qparams = read_qparams(row);
  if (row.find("ranges") != nullptr) {
    for (const json& pair : row.list("ranges")) {
      if (!pair.is_array() || pair.size() != 2) row.bad("'ranges' must be pairs of numbers");
      t.ranges.push_back({row.as_number(pair[0], "ranges"), row.as_number(pair[1], "ranges")});
    }
  }
  if (row.find("correction") != nullptr) t.correction = read_correction(row);
  t.method = row.text_or_empty("method");
  t.reason = row.text_or_empty("reason");
  t.clipping_error = row.number_or("clipping_error", 0);
  t.rounding_error = row.number_or("rounding_error", 0);
  t.candidates = static_cast<int>(row.integer_or("candidates", 1, 0, std::numeric_limits<int>::max()));
  return t;
}

PlanNode read_node(const Row& row) {
  row.only(kNodeFields);
  row.need("quantized");
  return {.name = row.text("name"),
          .op_type = row.text("op_type"),
          .is_quantized = row.flag("quantized"),
          .reason = row.text_or_empty("reason")};
}

}  // namespace

QuantPlan QuantPlan::from_json(const std::string& text, const std::string& file) {
  const json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) fail(ErrorKind::invalid_data, file, "not a plan: the text is not valid JSON");
  const Row top{parsed, file};
  if (top.find("zeropoint_plan") == nullptr) top.bad("not a plan: 'zeropoint_plan' is missing");
  top.as_integer(parsed["zeropoint_plan"], "zeropoint_plan", kPlanVersion, kPlanVersion);
  top.only(kPlanFields);

  QuantPlan plan;
  plan.format = top.text("format");
  if (plan.format != "qdq" && plan.format != "qoperator") {
    top.bad("'format' is '{}'; it must be qdq or qoperator", plan.format);
  }
  plan.observer = top.text_or_empty("observer");
  plan.quantize_outputs = top.flag("quantize_outputs");
  std::set<std::string> seen;
  for (const json& item : top.list("tensors")) {
    const Row row{item, fmt::format("{}: tensors[{}]", file, plan.tensors.size())};
    plan.tensors.push_back(read_tensor(row));
    if (!seen.insert(plan.tensors.back().name).second) row.bad("'{}' has two rows", plan.tensors.back().name);
  }
  for (const json& item : top.list("nodes")) {
    plan.nodes.push_back(read_node({item, fmt::format("{}: nodes[{}]", file, plan.nodes.size())}));
  }
  return plan;
}

}  // namespace zeropoint
