#include "data/npy_header.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>

#include "base/fail.h"

namespace zeropoint {
namespace {

struct TypeRow {
  std::string_view code;  // of `descr`, without the byte order
  DType dtype;
  std::size_t component_bytes;  // what the byte order applies to
};

constexpr TypeRow kTypes[] = {
    {"b1", DType::boolean, 1}, {"i1", DType::i8, 1},    {"i2", DType::i16, 2}, {"i4", DType::i32, 4},
    {"i8", DType::i64, 8},     {"u1", DType::u8, 1},    {"u2", DType::u16, 2}, {"u4", DType::u32, 4},
    {"u8", DType::u64, 8},     {"f2", DType::f16, 2},   {"f4", DType::f32, 4}, {"f8", DType::f64, 8},
    {"c8", DType::c64, 4},     {"c16", DType::c128, 8},
};

constexpr std::size_t kMaxRank = 64;              // NumPy's own limit
constexpr std::size_t kMaxTextBytes = 1U << 20U;  // of one string

/// A cursor over the literal.
class Literal {
 public:
  Literal(std::string_view text, const std::string& where) : rest_(text), where_(where) {}

  [[noreturn]] void fail_at(std::string_view wanted) const {
    fail(ErrorKind::invalid_data, where_, "the npy header is not understood: {} is wanted at '{}'", wanted,
         rest_.substr(0, 20));
  }

  bool accept(char c) {
    skip_spaces();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!accept(c)) fail_at(fmt::format("'{}'", c));
  }

  std::string_view string() {
    skip_spaces();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    if (quote != '\'' && quote != '"') fail_at("a string");
    const std::size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) fail_at("a closed string");
    const std::string_view value = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return value;
  }

  bool boolean() {
    skip_spaces();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    fail_at("True or False");
  }

  std::int64_t integer() {
    skip_spaces();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || value < 0) fail_at("a dimension");
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    accept('L');  // Python 2 wrote long integers so
    return value;
  }

  Shape tuple() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      if (shape.size() == kMaxRank) fail_at("at most 64 dimensions");
      shape.push_back(integer());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

  bool at_end() {
    skip_spaces();
    return rest_.empty();
  }

 private:
  void skip_spaces() {
    const std::size_t n = rest_.find_first_not_of(" \n\t\0");
    rest_.remove_prefix(n == std::string_view::npos ? rest_.size() : n);
  }

  std::string_view rest_;
  const std::string& where_;
};

/// "<U16" -> 16
std::size_t parse_text_length(std::string_view digits, const std::string& where) {
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc() || end != digits.data() + digits.size() || length > kMaxTextBytes) {
    fail(ErrorKind::invalid_data, where, "the npy header has the text length '{}'", digits);
  }
  return length;
}

void set_type(NpyHeader& header, std::string_view descr, const std::string& where) {
  const bool has_order = !descr.empty() && std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
  const bool is_big_endian = has_order && descr[0] == '>';
  const std::string_view code = has_order ? descr.substr(1) : descr;
  for (const TypeRow& row : kTypes) {
    if (row.code != code) continue;
    header.dtype = row.dtype;
    header.item_bytes = static_cast<std::size_t>(bits(row.dtype)) / 8;
    header.swapped_bytes = is_big_endian ? row.component_bytes : 1;
    return;
  }
  if (code.starts_with('U') || code.starts_with('S')) {
    header.dtype = DType::string;
    header.is_utf32 = code[0] == 'U';
    const std::size_t unit = header.is_utf32 ? 4 : 1;
    header.item_bytes = parse_text_length(code.substr(1), where) * unit;
    header.swapped_bytes = is_big_endian ? unit : 1;
    return;
  }
  const std::string_view reason = code == "O" ? " (Python objects; save numbers instead)" : "";
  fail(ErrorKind::invalid_data, where, "npy type '{}' is not supported{}", descr, reason);
}

}  // namespace

NpyHeader parse_npy_header(std::string_view text, const std::string& where) {
  Literal literal(text, where);
  NpyHeader header;
  std::optional<std::string_view> descr;
  std::optional<bool> fortran_order;
  std::optional<Shape> shape;
  literal.expect('{');
  while (!literal.accept('}')) {
    const std::string_view key = literal.string();
    literal.expect(':');
    if (key == "descr") {
      descr = literal.string();
    } else if (key == "fortran_order") {
      fortran_order = literal.boolean();
    } else if (key == "shape") {
      shape = literal.tuple();
    } else {
      literal.fail_at("descr, fortran_order or shape");
    }
    if (!literal.accept(',')) {
      literal.expect('}');
      break;
    }
  }
  if (!literal.at_end()) literal.fail_at("the end");
  if (!descr || !fortran_order || !shape) {
    fail(ErrorKind::invalid_data, where, "the npy header lacks descr, fortran_order or shape");
  }
  set_type(header, *descr, where);
  header.is_fortran_order = *fortran_order && shape->size() > 1;
  header.shape = std::move(*shape);
  return header;
}

std::string print_npy_header(DType dtype, const Shape& shape) {
  for (const TypeRow& row : kTypes) {
    if (row.dtype != dtype) continue;
    std::string dims;
    for (const std::int64_t dim : shape) dims += fmt::format("{}, ", dim);
    if (shape.size() > 1) dims.resize(dims.size() - 2);
    if (shape.size() == 1) dims.pop_back();  // Python's tuple of one: "(3,)"
    return fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}", bits(dtype) == 8 ? '|' : '<',
                       row.code, dims);
  }
  fail(ErrorKind::unsupported, "npy", "has no type for {}", name(dtype));
}

}  // namespace zeropoint
