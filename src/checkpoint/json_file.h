// JSON files beside a checkpoint's weights: config.json, the index of shards, tokenizers.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace zeropoint {

/// An object with its keys in the file's order, for files that are written again. Looking up a key is linear: for
/// files of a few hundred keys; larger ones than 4 MB are refused. Throws io and invalid_model naming the file.
nlohmann::ordered_json read_ordered_json(const std::filesystem::path& path);

/// The same of a file's text. Throws invalid_model.
nlohmann::ordered_json parse_ordered_json(std::string_view text, const std::filesystem::path& path);

/// An object of any size, keys sorted. Throws io and invalid_model naming the file.
nlohmann::json read_json(const std::filesystem::path& path);

}  // namespace zeropoint
