#include "checkpoint/json_file.h"

#include <nlohmann/json.hpp>

#include "base/fail.h"
#include "base/mapped_file.h"

namespace zeropoint {
namespace {

constexpr std::size_t kMaxOrderedBytes = 4 << 20;
constexpr int kMaxDepth = 64;  // documents are copied and written by recursion

bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

template <class Json>
Json parse(std::string_view text, const std::filesystem::path& path) {
  if (is_too_deep(text)) {
    fail(ErrorKind::invalid_model, path.string(), "nests more than {} arrays and objects into one another", kMaxDepth);
  }
  Json document;
  try {
    document = Json::parse(text.begin(), text.end());
  } catch (const nlohmann::json::parse_error& error) {
    fail(ErrorKind::invalid_model, path.string(), "is not JSON at its byte {}", error.byte);
  } catch (const nlohmann::json::exception&) {
    fail(ErrorKind::invalid_model, path.string(), "is not JSON: a number is too large");
  }
  if (!document.is_object()) fail(ErrorKind::invalid_model, path.string(), "is not a JSON object");
  return document;
}

}  // namespace

nlohmann::ordered_json parse_ordered_json(std::string_view text, const std::filesystem::path& path) {
  if (text.size() > kMaxOrderedBytes) {
    fail(ErrorKind::invalid_model, path.string(), "has {} bytes, at most {} are read", text.size(), kMaxOrderedBytes);
  }
  return parse<nlohmann::ordered_json>(text, path);
}

nlohmann::ordered_json read_ordered_json(const std::filesystem::path& path) {
  return parse_ordered_json(MappedFile::open(path)->text(), path);
}

nlohmann::json read_json(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return parse<nlohmann::json>(file->text(), path);
}

}  // namespace zeropoint
