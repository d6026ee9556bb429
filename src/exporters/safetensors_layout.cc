#include "exporters/safetensors_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_set>

#include "base/fail.h"
#include "frontends/safetensors_type.h"

namespace zeropoint {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kAlignment = 8;  // of the header's end
constexpr std::size_t kLengthBytes = 8;

std::string with_length(std::string json) {
  json.append((kAlignment - json.size() % kAlignment) % kAlignment, ' ');
  std::string bytes(kLengthBytes, '\0');
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    bytes[i] = static_cast<char>(static_cast<std::uint64_t>(json.size()) >> (8 * i));
  }
  return bytes + json;
}

// Text, not a document: an ordered document looks up every key that it takes.
std::string quoted(const std::string& text) { return Json(text).dump(); }

SafetensorsShard lay_out_file(std::span<const TensorSpec> specs, std::vector<std::size_t> tensors) {
  std::ranges::sort(tensors, [&](std::size_t a, std::size_t b) {
    return std::tuple(-safetensors_rank(specs[a].dtype), std::string_view(specs[a].name)) <
           std::tuple(-safetensors_rank(specs[b].dtype), std::string_view(specs[b].name));
  });
  SafetensorsShard shard;
  std::string json = R"({"__metadata__":{"format":"pt"})";
  std::uint64_t position = 0;
  for (const std::size_t i : tensors) {
    const std::uint64_t end = position + storage_bytes(specs[i]);
    json += fmt::format(R"(,{}:{{"dtype":"{}","shape":{},"data_offsets":[{},{}]}})", quoted(specs[i].name),
                        safetensors_name(specs[i].dtype), Json(specs[i].shape).dump(), position, end);
    shard.places.push_back({.tensor = i, .offset = position});
    position = end;
  }
  shard.header = with_length(json + "}");
  for (SafetensorsShard::Place& place : shard.places) place.offset += shard.header.size();
  shard.bytes = shard.header.size() + position;
  return shard;
}

void check(std::span<const TensorSpec> specs) {
  std::unordered_set<std::string_view> names;
  for (const TensorSpec& spec : specs) {
    if (safetensors_name(spec.dtype).empty()) {
      fail(ErrorKind::unsupported, spec.name, "safetensors files hold no elements of type {}", name(spec.dtype));
    }
    if (!names.insert(spec.name).second) fail(ErrorKind::internal, spec.name, "announced twice");
  }
}

}  // namespace

std::uint64_t storage_bytes(const TensorSpec& spec) { return storage_bytes(spec.dtype, element_count(spec.shape)); }

std::vector<SafetensorsShard> lay_out_safetensors(std::span<const TensorSpec> specs, std::uint64_t max_shard_bytes) {
  check(specs);
  std::vector<std::vector<std::size_t>> members(1);
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const std::uint64_t more = storage_bytes(specs[i]);
    if (bytes > 0 && more > max_shard_bytes - std::min(bytes, max_shard_bytes)) {
      members.emplace_back();
      bytes = 0;
    }
    members.back().push_back(i);
    bytes += more;
  }
  std::vector<SafetensorsShard> shards;
  for (std::size_t s = 0; s < members.size(); ++s) {
    shards.push_back(lay_out_file(specs, std::move(members[s])));
    shards.back().file = members.size() == 1 ? "model.safetensors"
                                             : fmt::format("model-{:05}-of-{:05}.safetensors", s + 1, members.size());
  }
  return shards;
}

std::string safetensors_index(std::span<const TensorSpec> specs, std::span<const SafetensorsShard> shards) {
  std::uint64_t total = 0;
  std::map<std::string, std::string> weight_map;
  for (const SafetensorsShard& shard : shards) {
    for (const SafetensorsShard::Place& place : shard.places) {
      total += storage_bytes(specs[place.tensor]);
      weight_map[specs[place.tensor].name] = shard.file;
    }
  }
  return nlohmann::json({{"metadata", {{"total_size", total}}}, {"weight_map", weight_map}}).dump(2) + "\n";
}

}  // namespace zeropoint
