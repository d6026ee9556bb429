#include "frontends/safetensors_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "frontends/context.h"
#include "frontends/safetensors_type.h"

namespace zeropoint {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMetadata = "__metadata__";
constexpr std::size_t kMaxRank = 64;

// Takes the header event by event: a document tree would cost many times the header's bytes, and would hide
// repeated keys.
class HeaderEvents final : public nlohmann::json_sax<Json> {
 public:
  SafetensorsHeader take() {
    if (level_ != Level::end) fail_here("the header is not a JSON object");
    return std::move(header_);
  }

  bool start_object(std::size_t /*unknown*/) override {
    switch (level_) {
      case Level::start:
        level_ = Level::names;
        return true;
      case Level::name_seen:
        level_ = is_metadata_ ? Level::metadata : Level::fields;
        fields_seen_ = 0;
        return true;
      default:
        unexpected("an object");
    }
  }

  bool end_object() override {
    if (level_ == Level::fields) {
      if (fields_seen_ != kAllFields) fail_here("tensor '{}': dtype, shape and data_offsets are wanted", tensor().name);
      level_ = Level::names;
    } else if (level_ == Level::metadata) {
      level_ = Level::names;
    } else {
      level_ = Level::end;
    }
    return true;
  }

  bool key(string_t& word) override {
    if (level_ == Level::names) return name_key(word);
    if (level_ == Level::metadata) return metadata_key(word);
    return field_key(word);
  }

  bool string(string_t& word) override {
    if (level_ == Level::metadata) {
      header_.metadata.back().second = std::move(word);
      return true;
    }
    if (level_ != Level::dtype) unexpected("a string");
    tensor().dtype =
        within([&] { return fmt::format("tensor '{}'", tensor().name); }, [&] { return parse_safetensors_name(word); });
    level_ = Level::fields;
    return true;
  }

  bool start_array(std::size_t /*unknown*/) override {
    if (level_ == Level::shape) {
      level_ = Level::shape_numbers;
    } else if (level_ == Level::offsets) {
      level_ = Level::offset_numbers;
      offsets_seen_ = 0;
    } else {
      unexpected("an array");
    }
    return true;
  }

  bool end_array() override {
    if (level_ == Level::offset_numbers && offsets_seen_ != 2) {
      fail_here("tensor '{}': data_offsets wants two numbers", tensor().name);
    }
    level_ = Level::fields;
    return true;
  }

  bool number_unsigned(number_unsigned_t number) override {
    if (level_ == Level::shape_numbers) {
      if (number > INT64_MAX) fail_here("tensor '{}': dimension {} is too large", tensor().name, number);
      if (tensor().shape.size() == kMaxRank) fail_here("tensor '{}': more than {} dimensions", tensor().name, kMaxRank);
      tensor().shape.push_back(static_cast<std::int64_t>(number));
    } else if (level_ == Level::offset_numbers) {
      if (offsets_seen_ == 2) fail_here("tensor '{}': data_offsets wants two numbers", tensor().name);
      (offsets_seen_++ == 0 ? tensor().begin : tensor().end) = number;
    } else {
      unexpected("a number");
    }
    return true;
  }

  bool null() override { unexpected("null"); }
  bool boolean(bool /*value*/) override { unexpected("a boolean"); }
  bool number_integer(number_integer_t number) override { unexpected(fmt::format("the number {}", number)); }
  bool number_float(number_float_t /*number*/, const string_t& text) override {
    unexpected("the number " + text.substr(0, 40));
  }
  bool binary(binary_t& /*value*/) override { unexpected("binary data"); }

  bool parse_error(std::size_t position, const std::string& /*token*/, const Json::exception& /*error*/) override {
    fail_here("the header is not JSON at its byte {}", position);
  }

 private:
  enum class Level {
    start,
    names,      // among the tensors' names
    name_seen,  // a name, its object is next
    fields,     // in a tensor's object
    dtype,      // after a field's name
    shape,
    offsets,
    shape_numbers,  // inside a field's array
    offset_numbers,
    metadata,
    end,
  };
  enum Field : unsigned { kDtype = 1, kShape = 2, kOffsets = 4, kAllFields = 7 };

  SafetensorsEntry& tensor() { return header_.tensors.back(); }

  [[noreturn]] void unexpected(std::string_view what) {
    if (header_.tensors.empty() || level_ == Level::metadata || level_ == Level::start) {
      fail_here("the header holds {} where it does not belong", what);
    }
    fail_here("tensor '{}': {} where it does not belong", tensor().name, what);
  }

  bool name_key(std::string& word) {
    if (!names_.insert(word).second) fail_here("tensor '{}' is in the header twice", word);
    is_metadata_ = word == kMetadata;
    if (!is_metadata_) header_.tensors.push_back({.name = std::move(word)});
    level_ = Level::name_seen;
    return true;
  }

  bool metadata_key(std::string& word) {
    if (!metadata_names_.insert(word).second) fail_here("metadata '{}' is in the header twice", word);
    header_.metadata.emplace_back(std::move(word), "");
    return true;
  }

  bool field_key(const std::string& word) {
    struct Row {
      std::string_view name;
      Field field;
      Level level;
    };
    static constexpr Row kFields[] = {
        {"dtype", kDtype, Level::dtype}, {"shape", kShape, Level::shape}, {"data_offsets", kOffsets, Level::offsets}};
    const auto* row = std::ranges::find(kFields, word, &Row::name);
    if (row == std::end(kFields)) fail_here("tensor '{}': unknown field '{}'", tensor().name, word);
    if ((fields_seen_ & row->field) != 0) fail_here("tensor '{}': field '{}' twice", tensor().name, word);
    fields_seen_ |= row->field;
    level_ = row->level;
    return true;
  }

  SafetensorsHeader header_;
  std::unordered_set<std::string> names_;
  std::unordered_set<std::string> metadata_names_;
  Level level_ = Level::start;
  bool is_metadata_ = false;
  unsigned fields_seen_ = 0;
  int offsets_seen_ = 0;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json) {
  HeaderEvents events;
  Json::sax_parse(json.begin(), json.end(), &events);
  return events.take();
}

}  // namespace zeropoint
