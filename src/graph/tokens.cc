#include "graph/tokens.h"

#include <cctype>
#include <charconv>
#include <utility>

#include "base/fail.h"

namespace zeropoint {
namespace {

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-' || c == '+';
}

}  // namespace

void Tokens::fail_here(std::string_view what) const {
  const std::string got = token_.kind == Token::Kind::end ? "the end" : "'" + token_.text + "'";
  fail(ErrorKind::invalid_model, "graph text", "line {}: {} at {}", line_, what, got);
}

Token Tokens::take() {
  Token taken = std::exchange(token_, {});
  advance();
  return taken;
}

bool Tokens::take_if(std::string_view punctuation) {
  if (!is(punctuation)) return false;
  advance();
  return true;
}

void Tokens::expect(std::string_view punctuation) {
  if (!take_if(punctuation)) fail_here(fmt::format("'{}' is wanted", punctuation));
}

std::string Tokens::read_quoted() {
  std::string text;
  std::size_t i = 1;
  for (; i < rest_.size() && rest_[i] != '"'; ++i) {
    if (rest_[i] != '\\') {
      text += rest_[i];
    } else if (i + 1 < rest_.size() && rest_[i + 1] != 'x') {
      text += rest_[++i];
    } else {
      unsigned char code = 0;
      const char* digits = rest_.data() + i + 2;
      const bool is_whole = i + 3 < rest_.size();
      if (!is_whole || std::from_chars(digits, digits + 2, code, 16).ptr != digits + 2) fail_here("a bad escape");
      text += static_cast<char>(code);
      i += 3;
    }
  }
  if (i >= rest_.size()) fail_here("a string without an end");
  rest_.remove_prefix(i + 1);
  return text;
}

void Tokens::advance() {
  while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0])) != 0) {
    if (rest_[0] == '\n') ++line_;
    rest_.remove_prefix(1);
  }
  if (rest_.empty()) {
    token_ = {};
  } else if (rest_[0] == '"') {
    token_ = {Token::Kind::quoted, read_quoted()};
  } else if (is_word_character(rest_[0])) {
    std::size_t length = 1;
    while (length < rest_.size() && is_word_character(rest_[length])) ++length;
    token_ = {Token::Kind::word, std::string(rest_.substr(0, length))};
    rest_.remove_prefix(length);
  } else {
    const std::size_t length = rest_.starts_with("=>") ? 2 : 1;
    token_ = {Token::Kind::punctuation, std::string(rest_.substr(0, length))};
    rest_.remove_prefix(length);
  }
}

}  // namespace zeropoint
