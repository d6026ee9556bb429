#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/fail.h"
#include "base/nearest.h"
#include "data/preprocess.h"

namespace zeropoint {
namespace {

constexpr std::string_view kWhere = "--preprocess";
constexpr std::int64_t kMaxSide = 1 << 16;

constexpr std::array<PreprocessPreset, 6> kPresets = {{
    {"cifar10", "channels=rgb,scale=1/255,mean=0.4914,0.4822,0.4465,std=0.2470,0.2435,0.2616"},
    {"imagenet", "channels=rgb,resize=256,crop=224,scale=1/255,mean=0.485,0.456,0.406,std=0.229,0.224,0.225"},
    {"imagenet-caffe", "channels=bgr,resize=256,crop=224,mean=103.939,116.779,123.68"},
    {"imagenet-normalize", "channels=rgb,scale=1/255,mean=0.485,0.456,0.406,std=0.229,0.224,0.225"},
    {"imagenet-tf", "channels=rgb,resize=256,crop=224,scale=1/127.5,mean=1"},
    {"scale01", "scale=1/255"},
}};

template <class... Args>
[[noreturn]] void fail_option(fmt::format_string<Args...> format, Args&&... args) {
  fail(ErrorKind::invalid_option, std::string(kWhere), format, std::forward<Args>(args)...);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kNoise = " []()";  // lists may be bracketed
  const std::size_t first = text.find_first_not_of(kNoise);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kNoise) - first + 1);
}

template <class Number>
Number parse_number(std::string_view key, std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool is_good = error == std::errc() && end == text.data() + text.size();
  if constexpr (std::is_floating_point_v<Number>) is_good = is_good && std::isfinite(value);
  if (!is_good) fail_option("'{}' in {} is not a number", text, key);
  return value;
}

std::int64_t parse_side(std::string_view key, std::string_view text) {
  const auto side = parse_number<std::int64_t>(key, text);
  if (side < 1 || side > kMaxSide) fail_option("{}={} is not a size from 1 to {}", key, text, kMaxSide);
  return side;
}

/// "224" or "240x320" (height x width).
ImageSize parse_size(std::string_view key, std::string_view text) {
  const std::size_t x = text.find('x');
  const std::int64_t height = parse_side(key, text.substr(0, x));
  return {height, x == std::string_view::npos ? height : parse_side(key, text.substr(x + 1))};
}

template <class Enum, std::size_t n>
Enum parse_word(std::string_view key, std::string_view text,
                const std::array<std::pair<std::string_view, Enum>, n>& words) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : words) {
    if (name == text) return value;
    names.push_back(name);
  }
  throw Error(ErrorKind::invalid_option, std::string(kWhere),
              unknown_word(fmt::format("value of {}", key), text, names));
}

using Values = std::vector<std::string_view>;

std::string_view single(std::string_view key, const Values& values) {
  if (values.size() != 1 || values[0].empty()) fail_option("{} takes one value", key);
  return values[0];
}

void set_channels(Preprocess& to, std::string_view key, const Values& values) {
  static constexpr std::array<std::pair<std::string_view, Channels>, 3> kWords = {
      {{"rgb", Channels::rgb}, {"bgr", Channels::bgr}, {"gray", Channels::gray}}};
  to.channels = parse_word(key, single(key, values), kWords);
}

void set_resize(Preprocess& to, std::string_view key, const Values& values) {
  const std::string_view text = single(key, values);
  to.short_side = 0;
  to.exact_size.reset();
  if (text == "none") return;
  const ImageSize size = parse_size(key, text);
  if (text.find('x') == std::string_view::npos) {
    to.short_side = size.height;
  } else {
    to.exact_size = size;
  }
}

void set_filter(Preprocess& to, std::string_view key, const Values& values) {
  to.filter = find_resize_filter(single(key, values));
}

void set_crop(Preprocess& to, std::string_view key, const Values& values) {
  const std::string_view text = single(key, values);
  to.crop = text == "none" ? std::nullopt : std::optional(parse_size(key, text));
}

void set_scale(Preprocess& to, std::string_view key, const Values& values) {
  const std::string_view text = single(key, values);
  const std::size_t slash = text.find('/');
  to.scale.numerator = parse_number<float>(key, text.substr(0, slash));
  to.scale.denominator = slash == std::string_view::npos ? 1 : parse_number<float>(key, text.substr(slash + 1));
  if (to.scale.numerator == 0 || to.scale.denominator == 0)
    fail_option("scale={} makes everything 0 or infinite", text);
}

std::vector<float> parse_list(std::string_view key, const Values& values) {
  std::vector<float> list;
  for (const std::string_view text : values) list.push_back(parse_number<float>(key, text));
  return list;
}

void set_mean(Preprocess& to, std::string_view key, const Values& values) { to.mean = parse_list(key, values); }

void set_std(Preprocess& to, std::string_view key, const Values& values) {
  to.std = parse_list(key, values);
  for (const float value : to.std) {
    if (value == 0) fail_option("std has a 0: nothing can be divided by it");
  }
}

ImageLayout parse_layout(std::string_view key, const Values& values) {
  static constexpr std::array<std::pair<std::string_view, ImageLayout>, 6> kWords = {{{"nchw", ImageLayout::nchw},
                                                                                      {"nhwc", ImageLayout::nhwc},
                                                                                      {"NCHW", ImageLayout::nchw},
                                                                                      {"NHWC", ImageLayout::nhwc},
                                                                                      {"chw", ImageLayout::nchw},
                                                                                      {"hwc", ImageLayout::nhwc}}};
  return parse_word(key, single(key, values), kWords);
}

void set_from(Preprocess& to, std::string_view key, const Values& values) { to.from = parse_layout(key, values); }
void set_layout(Preprocess& to, std::string_view key, const Values& values) { to.layout = parse_layout(key, values); }
void set_input(Preprocess& to, std::string_view key, const Values& values) { to.input = single(key, values); }

struct Key {
  std::string_view name;
  void (*set)(Preprocess& to, std::string_view key, const Values& values);
};

constexpr std::array<Key, 10> kKeys = {{
    {"channels", set_channels},
    {"resize", set_resize},
    {"filter", set_filter},
    {"crop", set_crop},
    {"scale", set_scale},
    {"mean", set_mean},
    {"std", set_std},
    {"from", set_from},
    {"layout", set_layout},
    {"input", set_input},
}};

void set_key(Preprocess& to, std::string_view name, const Values& values) {
  std::vector<std::string_view> names;
  for (const Key& key : kKeys) {
    if (key.name == name) return key.set(to, name, values);
    names.push_back(key.name);
  }
  throw Error(ErrorKind::invalid_option, std::string(kWhere), unknown_word("key", name, names));
}

/// Pairs separated by commas; values without a '=' belong to the key before them ("mean=1,2,3,std=4").
void set_pairs(Preprocess& to, std::span<const std::string_view> parts) {
  std::string_view key;
  Values values;
  for (const std::string_view part : parts) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      if (key.empty()) fail_option("'{}' stands before any key=value pair", part);
      values.push_back(trim(part));
      continue;
    }
    if (!key.empty()) set_key(to, key, values);
    key = trim(part.substr(0, equals));
    values = {trim(part.substr(equals + 1))};
  }
  if (!key.empty()) set_key(to, key, values);
}

const PreprocessPreset& find_preset(std::string_view name) {
  std::vector<std::string_view> names;
  for (const PreprocessPreset& preset : kPresets) {
    if (preset.name == name) return preset;
    names.push_back(preset.name);
  }
  throw Error(ErrorKind::invalid_option, std::string(kWhere), unknown_word("preset", name, names));
}

}  // namespace

std::span<const PreprocessPreset> preprocess_presets() { return kPresets; }

Preprocess Preprocess::parse(std::string_view text) {
  Preprocess result;
  if (trim(text).empty()) return result;
  result.is_empty = false;
  std::vector<std::string_view> parts = split(text, ',');
  if (parts[0].find('=') == std::string_view::npos) {
    set_pairs(result, split(find_preset(trim(parts[0])).text, ','));
    parts.erase(parts.begin());
  }
  set_pairs(result, parts);
  return result;
}

}  // namespace zeropoint
