// tok512.bin and the like, as llama2.c exports a SentencePiece model: the longest token's bytes, then for each token
// its score, its length and its bytes, with spaces in place of U+2581.
#include <cstring>

#include "checkpoint/tokenizer.h"
#include "frontends/context.h"

namespace zeropoint {
namespace {

constexpr std::string_view kSpace = "\xE2\x96\x81";  // U+2581
constexpr std::int64_t kUnknown = 0;
constexpr std::int64_t kBos = 1;
constexpr std::int64_t kEos = 2;

template <class T>
T take(std::string_view& rest, std::size_t index) {
  if (rest.size() < sizeof(T)) fail_here("is cut off in token {}", index);
  T value;
  std::memcpy(&value, rest.data(), sizeof(T));
  rest.remove_prefix(sizeof(T));
  return value;
}

std::string with_marked_spaces(std::string_view text) {
  std::string marked;
  for (const char c : text) {
    if (c == ' ') {
      marked += kSpace;
    } else {
      marked += c;
    }
  }
  return marked;
}

}  // namespace

Tokenizer parse_llama2c_tokenizer(std::string_view bytes) {
  std::string_view rest = bytes;
  const auto longest = take<std::uint32_t>(rest, 0);
  Tokenizer tokenizer{.kind = Tokenizer::Kind::sentencepiece,
                      .specials = {{"bos", kBos}, {"eos", kEos}, {"unk", kUnknown}},
                      .add_space_prefix = true};
  while (!rest.empty()) {
    const std::size_t id = tokenizer.tokens.size();
    const auto score = take<float>(rest, id);
    const auto length = take<std::uint32_t>(rest, id);
    if (length > longest) fail_here("token {} takes {} bytes, the longest {}", id, length, longest);
    if (length > rest.size()) fail_here("is cut off in token {}", id);
    const std::string_view text = rest.substr(0, length);
    rest.remove_prefix(length);
    require_utf8(text);
    tokenizer.scores.push_back(score);
    tokenizer.types.push_back(is_byte_token(text) ? TokenType::byte : TokenType::normal);
    tokenizer.tokens.push_back(is_byte_token(text) ? std::string(text) : with_marked_spaces(text));
  }
  // llama2.c writes the control tokens as the text that they print.
  static constexpr std::pair<std::string_view, TokenType> kFirst[] = {
      {"<unk>", TokenType::unknown}, {"<s>", TokenType::control}, {"</s>", TokenType::control}};
  if (tokenizer.tokens.size() < std::size(kFirst)) fail_here("holds fewer tokens than <unk>, <s> and </s>");
  for (std::size_t id = 0; id < std::size(kFirst); ++id) {
    tokenizer.tokens[id] = kFirst[id].first;
    tokenizer.types[id] = kFirst[id].second;
  }
  return tokenizer;
}

}  // namespace zeropoint
