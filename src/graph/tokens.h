// Cuts graph text into words, quoted strings and punctuation.
#pragma once

#include <string>
#include <string_view>

namespace zeropoint {

struct Token {
  enum class Kind { word, quoted, punctuation, end };
  Kind kind = Kind::end;
  std::string text;  // unescaped when quoted
};

class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) { advance(); }

  const Token& peek() const { return token_; }
  Token take();

  bool is(std::string_view punctuation) const {
    return token_.kind == Token::Kind::punctuation && token_.text == punctuation;
  }
  bool take_if(std::string_view punctuation);
  void expect(std::string_view punctuation);

  /// Throws invalid_model (where: "graph text") with the line number.
  [[noreturn]] void fail_here(std::string_view what) const;

 private:
  void advance();
  std::string read_quoted();

  std::string_view rest_;
  Token token_;
  int line_ = 1;
};

}  // namespace zeropoint
