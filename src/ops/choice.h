// Words of a string attribute as a table: the enum's value for the word, or an error that lists the words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ops/op.h"

namespace zeropoint {

template <class Enum>
struct Choice {
  std::string_view word;
  Enum value;
};

/// Throws invalid_model naming the attribute and the words it may have.
template <class Enum, std::size_t n>
Enum chosen(const OpSite& site, std::string_view attribute, const Choice<Enum> (&choices)[n],
            std::string_view otherwise) {
  const std::string word = site.node.get_string(attribute, otherwise);
  std::string known;
  for (const Choice<Enum>& choice : choices) {
    if (word == choice.word) return choice.value;
    known += (known.empty() ? "" : ", ") + std::string(choice.word);
  }
  site.invalid("{} '{}' is none of {}", attribute, word, known);
}

}  // namespace zeropoint
