#include "checkpoint/config.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/fail.h"

namespace zeropoint {

using Json = nlohmann::ordered_json;

Config::Config(const Json& json, std::string where) : json_(&json), where_(std::move(where)) {
  if (!json.is_object()) fail(ErrorKind::invalid_data, where_, "is not an object");
}

const Json* Config::find(std::string_view key) const {
  const auto at = json_->find(std::string(key));
  return at == json_->end() || at->is_null() ? nullptr : &*at;
}

void Config::refuse(std::string_view key, std::string_view wanted) const {
  const Json* value = find(key);
  if (value == nullptr) fail(ErrorKind::invalid_data, where_, "'{}' is missing", key);
  fail(ErrorKind::invalid_data, where_, "'{}' is {}, not {}", key,
       value->dump(-1, ' ', false, Json::error_handler_t::replace), wanted);
}

bool Config::has(std::string_view key) const { return find(key) != nullptr; }

std::int64_t Config::integer(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr || !value->is_number_integer()) refuse(key, "an integer");
  return value->get<std::int64_t>();
}

std::int64_t Config::integer(std::string_view key, std::int64_t otherwise) const {
  return has(key) ? integer(key) : otherwise;
}

std::int64_t Config::positive(std::string_view key) const {
  const std::int64_t value = integer(key);
  constexpr std::int64_t kLargest = std::int64_t{1} << 31;  // no dimension of a model; keeps products in range
  if (value < 1 || value > kLargest) refuse(key, "a positive size");
  return value;
}

double Config::number(std::string_view key, double otherwise) const {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_number() || !std::isfinite(value->get<double>())) refuse(key, "a number");
  return value->get<double>();
}

bool Config::flag(std::string_view key, bool otherwise) const {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) refuse(key, "true or false");
  return value->get<bool>();
}

std::string Config::text(std::string_view key, std::string_view otherwise) const {
  const Json* value = find(key);
  if (value == nullptr) return std::string(otherwise);
  if (!value->is_string()) refuse(key, "a text");
  return value->get<std::string>();
}

std::vector<std::string> Config::texts(std::string_view key) const {
  const Json* value = find(key);
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  if (!value->is_array()) refuse(key, "a list of texts");
  for (const Json& item : *value) {
    if (!item.is_string()) refuse(key, "a list of texts");
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::optional<Config> Config::section(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) refuse(key, "an object");
  return Config(*value, where_ + ": " + std::string(key));
}

}  // namespace zeropoint
