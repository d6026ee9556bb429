// Typed access to a checkpoint's config.json, with errors that name the file and the key.
//
// A key whose value is null counts as absent, as in Hugging Face's files.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zeropoint {

class Config {
 public:
  /// `json` must outlive the Config; `where` stands for the file in messages.
  Config(const nlohmann::ordered_json& json, std::string where);

  bool has(std::string_view key) const;

  /// Throws invalid_data when the key is absent, or holds another type.
  std::int64_t integer(std::string_view key) const;
  std::int64_t positive(std::string_view key) const;  ///< at least 1

  /// With a value for an absent key. Throws invalid_data when the key holds another type.
  std::int64_t integer(std::string_view key, std::int64_t otherwise) const;
  double number(std::string_view key, double otherwise) const;
  bool flag(std::string_view key, bool otherwise) const;
  std::string text(std::string_view key, std::string_view otherwise) const;
  std::vector<std::string> texts(std::string_view key) const;  ///< empty when absent

  /// The object under `key`; nullopt when absent.
  std::optional<Config> section(std::string_view key) const;

  const std::string& where() const { return where_; }

 private:
  const nlohmann::ordered_json* find(std::string_view key) const;  ///< nullptr when absent
  [[noreturn]] void refuse(std::string_view key, std::string_view wanted) const;

  const nlohmann::ordered_json* json_;
  std::string where_;
};

}  // namespace zeropoint
