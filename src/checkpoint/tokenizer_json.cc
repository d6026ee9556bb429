// tokenizer.json of Hugging Face's tokenizers library.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "checkpoint/tokenizer.h"
#include "frontends/context.h"

namespace zeropoint {
namespace {

using Json = nlohmann::json;

/// How text is cut into words before merging: the expression of a Split and llama.cpp's name for it.
struct PreTokenizer {
  std::string_view expression;
  std::string_view name;
};

constexpr PreTokenizer kPreTokenizers[] = {
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     "llama-bpe"},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     "qwen2"},
};
constexpr std::string_view kByteLevelName = "gpt-2";  // ByteLevel with its own expression, no Split

const Json& member(const Json& object, const char* key) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto at = object.find(key);
  return at == object.end() ? kNull : *at;
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : std::string(); }

/// The steps of a Sequence, or the one step that there is.
std::string pre_tokenizer_name(const Json& pre) {
  const Json& sequence = member(pre, "pretokenizers");
  const std::size_t steps = sequence.is_array() ? sequence.size() : 1;
  bool is_byte_level = false;
  for (std::size_t i = 0; i < steps; ++i) {
    const Json& step = sequence.is_array() ? sequence[i] : pre;
    const std::string type = text_of(member(step, "type"));
    if (type == "Split") {
      const std::string expression = text_of(member(member(step, "pattern"), "Regex"));
      const auto* row = std::ranges::find(kPreTokenizers, expression, &PreTokenizer::expression);
      return row == std::end(kPreTokenizers) ? "default" : std::string(row->name);
    }
    if (type == "ByteLevel") is_byte_level = member(step, "use_regex") != Json(false);
  }
  return is_byte_level ? std::string(kByteLevelName) : "default";
}

/// Makes room for `id`, with unused tokens between. An id beyond the file's bytes cannot be meant.
void make_room(Tokenizer& tokenizer, std::int64_t id, std::size_t limit) {
  if (id < 0 || static_cast<std::size_t>(id) >= limit) fail_here("token id {} is out of range", id);
  while (tokenizer.tokens.size() <= static_cast<std::size_t>(id)) {
    tokenizer.tokens.push_back(fmt::format("[PAD{}]", tokenizer.tokens.size()));
    tokenizer.types.push_back(TokenType::unused);
  }
}

void put(Tokenizer& tokenizer, std::int64_t id, std::string text, TokenType type, std::size_t limit) {
  make_room(tokenizer, id, limit);
  tokenizer.tokens[static_cast<std::size_t>(id)] = std::move(text);
  tokenizer.types[static_cast<std::size_t>(id)] = type;
}

std::int64_t id_of(const Json& value, const std::string& token) {
  if (!value.is_number_integer()) fail_here("token '{}' has no number", token);
  return value.get<std::int64_t>();
}

void add_merges(const Json& merges, Tokenizer& tokenizer) {
  if (!merges.is_array()) fail_here("'model' holds no list 'merges'");
  for (const Json& merge : merges) {
    if (merge.is_string() && merge.get_ref<const std::string&>().find(' ') != std::string::npos) {
      tokenizer.merges.push_back(merge.get<std::string>());
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      tokenizer.merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
    } else {
      fail_here("merge {} is no pair of tokens", tokenizer.merges.size());
    }
  }
}

/// A SentencePiece model as BPE: what merged first scored best there.
void scores_from_merges(Tokenizer& tokenizer) {
  std::unordered_map<std::string, float> rank;
  for (std::size_t i = 0; i < tokenizer.merges.size(); ++i) {
    std::string merged = tokenizer.merges[i];
    merged.erase(merged.find(' '), 1);
    rank.try_emplace(std::move(merged), static_cast<float>(i));
  }
  const auto last = static_cast<float>(tokenizer.merges.size());
  for (std::size_t id = 0; id < tokenizer.tokens.size(); ++id) {
    const std::string& token = tokenizer.tokens[id];
    const auto at = rank.find(token);
    tokenizer.scores.push_back(at != rank.end() ? -at->second : -last);
    if (is_byte_token(token)) {
      tokenizer.types[id] = TokenType::byte;
      tokenizer.scores.back() = 0;
    }
  }
  tokenizer.merges.clear();
}

/// WordPiece marks what continues a word, GGUF what begins one.
void mark_word_starts(Tokenizer& tokenizer) {
  for (std::size_t id = 0; id < tokenizer.tokens.size(); ++id) {
    std::string& token = tokenizer.tokens[id];
    if (tokenizer.types[id] != TokenType::normal) continue;
    if (token.starts_with('[') && token.ends_with(']')) continue;  // "[unused5]"
    token = token.starts_with("##") ? token.substr(2) : "\xE2\x96\x81" + token;
  }
}

void add_vocabulary(const Json& model, Tokenizer& tokenizer, std::size_t limit) {
  const Json& vocabulary = member(model, "vocab");
  if (!vocabulary.is_object()) fail_here("'model' holds no object 'vocab'");
  for (const auto& [token, id] : vocabulary.items()) {
    put(tokenizer, id_of(id, token), token, TokenType::normal, limit);
  }
}

void add_token(const Json& entry, const Json& id, Tokenizer& tokenizer, std::size_t limit) {
  const std::string text = text_of(member(entry, "content"));
  const bool is_special = member(entry, "special") == Json(true);
  put(tokenizer, id_of(id, text), text, is_special ? TokenType::control : TokenType::user_defined, limit);
}

/// "bos_token": "<s>" or {"content": "<s>"}
std::optional<std::int64_t> id_of_token(const Json& value, const Tokenizer& tokenizer) {
  const std::string text = value.is_object() ? text_of(member(value, "content")) : text_of(value);
  const auto at = std::ranges::find(tokenizer.tokens, text);
  if (text.empty() || at == tokenizer.tokens.end()) return std::nullopt;
  return at - tokenizer.tokens.begin();
}

}  // namespace

Tokenizer parse_tokenizer_json(std::string_view text) {
  const Json document = Json::parse(text.begin(), text.end(), nullptr, false);
  if (document.is_discarded() || !document.is_object()) fail_here("is not a JSON object");
  const Json& model = member(document, "model");
  const std::string type = text_of(member(model, "type"));
  const bool is_wordpiece = type == "WordPiece";
  // Files older than the field are BPE.
  if (!is_wordpiece && type != "BPE" && !(type.empty() && member(model, "merges").is_array())) {
    throw Error(ErrorKind::unsupported, "",
                fmt::format("is a tokenizer of type '{}'; BPE and WordPiece are read", type));
  }
  Tokenizer tokenizer;
  const bool is_sentencepiece = !is_wordpiece && member(model, "byte_fallback") == Json(true);
  tokenizer.kind = is_wordpiece       ? Tokenizer::Kind::wordpiece
                   : is_sentencepiece ? Tokenizer::Kind::sentencepiece
                                      : Tokenizer::Kind::bpe;
  add_vocabulary(model, tokenizer, text.size());
  if (!is_wordpiece) add_merges(member(model, "merges"), tokenizer);
  if (is_sentencepiece) scores_from_merges(tokenizer);
  for (const Json& entry : member(document, "added_tokens")) {
    add_token(entry, member(entry, "id"), tokenizer, text.size());
  }
  if (is_sentencepiece) tokenizer.scores.resize(tokenizer.tokens.size());
  if (is_wordpiece) mark_word_starts(tokenizer);
  if (tokenizer.kind == Tokenizer::Kind::bpe) tokenizer.pre = pre_tokenizer_name(member(document, "pre_tokenizer"));
  if (const auto id = id_of_token(member(model, "unk_token"), tokenizer)) {
    set_special(tokenizer, "unk", *id);
    if (is_sentencepiece) tokenizer.types[static_cast<std::size_t>(*id)] = TokenType::unknown;
  }
  return tokenizer;
}

void apply_tokenizer_config(const Json& config, Tokenizer& tokenizer) {
  const std::size_t limit = tokenizer.tokens.size() + member(config, "added_tokens_decoder").size() + 1024;
  if (member(config, "added_tokens_decoder").is_object()) {
    for (const auto& [number, entry] : member(config, "added_tokens_decoder").items()) {
      std::int64_t id = -1;
      if (!number.empty() && number.size() < 10 && number.find_first_not_of("0123456789") == std::string::npos) {
        id = std::stoll(number);
      }
      if (id >= 0 && static_cast<std::size_t>(id) < tokenizer.tokens.size() &&
          tokenizer.types[static_cast<std::size_t>(id)] != TokenType::normal) {
        continue;  // the tokenizer's own file knows better
      }
      add_token(entry, Json(id), tokenizer, limit);
    }
    if (tokenizer.kind == Tokenizer::Kind::sentencepiece) tokenizer.scores.resize(tokenizer.tokens.size());
  }
  struct Row {
    const char* key;
    std::string_view role;
  };
  static constexpr Row kRows[] = {{"bos_token", "bos"},  {"eos_token", "eos"}, {"unk_token", "unk"},
                                  {"sep_token", "sep"},  {"pad_token", "pad"}, {"cls_token", "cls"},
                                  {"mask_token", "mask"}};
  for (const Row& row : kRows) {
    if (const auto id = id_of_token(member(config, row.key), tokenizer)) set_special(tokenizer, row.role, *id);
  }
  if (const Json& flag = member(config, "add_bos_token"); flag.is_boolean()) tokenizer.add_bos = flag.get<bool>();
  if (const Json& flag = member(config, "add_eos_token"); flag.is_boolean()) tokenizer.add_eos = flag.get<bool>();
  tokenizer.chat_template = text_of(member(config, "chat_template"));
}

}  // namespace zeropoint
