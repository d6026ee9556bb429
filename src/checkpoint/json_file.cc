#include "checkpoint/json_file.h"

#include <nlohmann/json.hpp>

#include "base/fail.h"
#include "base/mapped_file.h"

namespace zeropoint {
namespace {

constexpr std::size_t kMaxOrderedBytes = 4 << 20;

template <class Json>
Json parse(std::string_view text, const std::filesystem::path& path) {
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

nlohmann::ordered_json read_ordered_json(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  if (file->text().size() > kMaxOrderedBytes) {
    fail(ErrorKind::invalid_model, path.string(), "has {} bytes, at most {} are read", file->text().size(),
         kMaxOrderedBytes);
  }
  return parse<nlohmann::ordered_json>(file->text(), path);
}

nlohmann::json read_json(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return parse<nlohmann::json>(file->text(), path);
}

}  // namespace zeropoint
