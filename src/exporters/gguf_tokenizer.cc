#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/fail.h"
#include "checkpoint/gguf_store.h"
#include "exporters/gguf_metadata.h"
#include "frontends/gguf.h"

namespace zeropoint {
namespace {

constexpr std::string_view kPrefix = "tokenizer.";
constexpr std::string_view kNoTokenizer = "none";

struct Role {
  std::string_view role;
  std::string_view key;
};
// "seperator" is how the specification spells it.
constexpr Role kRoles[] = {{"bos", "bos"},     {"eos", "eos"}, {"unk", "unknown"}, {"sep", "seperator"},
                           {"pad", "padding"}, {"cls", "cls"}, {"mask", "mask"}};

std::string_view model_name(Tokenizer::Kind kind) {
  switch (kind) {
    case Tokenizer::Kind::sentencepiece:
      return "llama";
    case Tokenizer::Kind::bpe:
      return "gpt2";
    case Tokenizer::Kind::wordpiece:
      return "bert";
  }
  return "";
}

std::vector<GgufField> fields_of_gguf(std::span<const GgufField> all, std::int64_t vocabulary,
                                      const std::string& where) {
  std::vector<GgufField> fields;
  for (const GgufField& field : all) {
    if (field.key.starts_with(kPrefix)) fields.push_back(field);
  }
  const GgufField* tokens = find_field(fields, "tokenizer.ggml.tokens");
  const std::uint64_t count = tokens == nullptr ? 0 : tokens->count;
  if (fields.empty()) fail(ErrorKind::invalid_data, where, "holds no tokenizer; give one with --tokenizer FILE");
  if (count > 0 && count != static_cast<std::uint64_t>(vocabulary)) {
    fail(ErrorKind::invalid_data, where, "its tokenizer has {} tokens, the model {}", count, vocabulary);
  }
  return fields;
}

/// Ids that config.json knows and the tokenizer's file does not.
void add_config_ids(const nlohmann::ordered_json& config, Tokenizer& tokenizer) {
  for (const std::string_view role : {"bos", "eos", "pad"}) {
    if (special_id(tokenizer, role)) continue;
    const auto at = config.find(std::string(role) + "_token_id");
    if (at != config.end() && at->is_number_unsigned()) set_special(tokenizer, role, at->get<std::int64_t>());
  }
}

}  // namespace

std::vector<GgufField> tokenizer_metadata(Tokenizer tokenizer, std::int64_t vocabulary, const std::string& where) {
  const auto size = static_cast<std::size_t>(vocabulary);
  if (tokenizer.tokens.size() > size) {
    fail(ErrorKind::invalid_data, where, "has {} tokens, the model {}", tokenizer.tokens.size(), vocabulary);
  }
  for (std::size_t id = tokenizer.tokens.size(); id < size; ++id)
    tokenizer.tokens.push_back(fmt::format("[PAD{}]", id));
  tokenizer.types.resize(size, TokenType::unused);
  if (!tokenizer.scores.empty()) tokenizer.scores.resize(size);

  std::vector<std::int32_t> types;
  for (const TokenType type : tokenizer.types) types.push_back(static_cast<std::int32_t>(type));
  std::vector<GgufField> fields;
  fields.push_back(make_gguf_string("tokenizer.ggml.model", model_name(tokenizer.kind)));
  fields.push_back(make_gguf_string("tokenizer.ggml.pre", tokenizer.pre));
  fields.push_back(make_gguf_strings("tokenizer.ggml.tokens", tokenizer.tokens));
  if (!tokenizer.scores.empty()) fields.push_back(make_gguf_floats("tokenizer.ggml.scores", tokenizer.scores));
  fields.push_back(make_gguf_integers("tokenizer.ggml.token_type", types));
  if (!tokenizer.merges.empty()) fields.push_back(make_gguf_strings("tokenizer.ggml.merges", tokenizer.merges));
  for (const Role& row : kRoles) {
    const auto id = special_id(tokenizer, row.role);
    if (!id) continue;
    if (*id < 0 || *id >= vocabulary) {
      fail(ErrorKind::invalid_data, where, "its {} token is {}, the model has {}", row.role, *id, vocabulary);
    }
    fields.push_back(
        make_gguf_u32(fmt::format("tokenizer.ggml.{}_token_id", row.key), static_cast<std::uint32_t>(*id)));
  }
  const auto flag = [&](const char* key, std::optional<bool> value) {
    if (value) fields.push_back(make_gguf_bool(std::string("tokenizer.ggml.") + key, *value));
  };
  flag("add_bos_token", tokenizer.add_bos);
  flag("add_eos_token", tokenizer.add_eos);
  flag("add_space_prefix", tokenizer.add_space_prefix);
  if (!tokenizer.chat_template.empty()) {
    fields.push_back(make_gguf_string("tokenizer.chat_template", tokenizer.chat_template));
  }
  return fields;
}

std::vector<GgufField> load_tokenizer_metadata(const Checkpoint& checkpoint, const std::filesystem::path& file,
                                               std::int64_t vocabulary) {
  if (file == kNoTokenizer) return {make_gguf_string("tokenizer.ggml.model", "no_vocab")};
  if (file.extension() == ".gguf") {
    const GgufFile other = GgufFile::open(file);
    return fields_of_gguf(other.fields(), vocabulary, file.string());
  }
  const auto own = gguf_fields(*checkpoint.weights);
  if (file.empty() && !own.empty()) return fields_of_gguf(own, vocabulary, checkpoint.path.string());

  const bool is_folder = std::filesystem::is_directory(checkpoint.path);
  const auto found = file.empty() ? find_tokenizer(is_folder ? checkpoint.path : checkpoint.path.parent_path()) : file;
  if (!found) {
    fail(ErrorKind::invalid_option, checkpoint.path.string(),
         "holds no tokenizer (tokenizer.model, tokenizer.json or one tok*.bin); give one with --tokenizer FILE, or "
         "--tokenizer none for a file without text");
  }
  Tokenizer tokenizer = read_tokenizer(*found);
  add_config_ids(checkpoint.config, tokenizer);
  return tokenizer_metadata(std::move(tokenizer), vocabulary, found->string());
}

}  // namespace zeropoint
