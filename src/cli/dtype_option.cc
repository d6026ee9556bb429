#include "cli/dtype_option.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/fail.h"
#include "quant/scheme.h"

namespace zeropoint::cli {

DType dtype_option(std::string_view option, const std::string& word) {
  if (const auto dtype = parse_dtype(word)) return *dtype;
  std::string lower = word;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  fail(ErrorKind::invalid_option, std::string(option), "'{}' is no type{}", word,
       parse_dtype(lower) ? fmt::format("; did you mean '{}'?", lower) : "; int8, uint8, int4, uint4, int16 ... are");
}

DType codes_dtype_option(std::string_view option, const std::string& word) {
  const DType dtype = dtype_option(option, word);
  try {
    check_scheme({.dtype = dtype});
  } catch (const Error& e) {
    throw Error(e.kind(), std::string(option), e.message());
  }
  return dtype;
}

}  // namespace zeropoint::cli
