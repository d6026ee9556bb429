// A table of text that fits a terminal line: columns as wide as their content, and when that is too
// wide, the column that may shrink loses the middle of its longest entries - but never what tells one
// entry from another. Lists of words wrap instead. What is no terminal gets every entry whole.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace zeropoint::cli {

struct Column {
  std::string header;
  bool right = false;        // numbers
  bool may_shrink = false;   // long names
  std::size_t wraps_at = 0;  // longer entries go on in the next line; 0: they do not
};

/// Columns of the terminal that standard output is, 80 where it does not say; unlimited when it is none.
std::size_t output_width();

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<std::string> cells);  ///< as many as there are columns
  bool empty() const { return rows_.empty(); }

  /// Header, rule and rows, two spaces between columns, each line ended.
  std::string render(std::size_t width = output_width()) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// `text` in at most `width` characters (UTF-8 code points): "/layers/attention/MatMul" -> "/layers..MatMul".
std::string shorten(std::string_view text, std::size_t width);

/// Paragraphs broken at spaces so that no line passes `width`; continuation lines start with `indent` spaces.
std::string wrap(std::string_view text, std::size_t indent, std::size_t width = 80);

}  // namespace zeropoint::cli
