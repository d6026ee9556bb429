#include "cli/table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <set>
#include <sstream>
#include <utility>

namespace zeropoint::cli {
namespace {

constexpr std::size_t kTerminalWidth = 80;
constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 12;  // a shrunk column keeps at least this much
constexpr std::string_view kEllipsis = "..";

bool continues_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues_code_point(c); }));
}

/// Byte offset of the n-th character.
std::size_t offset_of(std::string_view text, std::size_t n) {
  std::size_t i = 0;
  while (i < text.size()) {
    if (!continues_code_point(text[i]) && n-- == 0) break;
    ++i;
  }
  return i;
}

void append_padded(std::string& line, std::string_view cell, std::size_t width, bool right) {
  const std::size_t used = characters(cell);
  const std::string padding(width > used ? width - used : 0, ' ');
  line += right ? padding + std::string(cell) : std::string(cell) + padding;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::size_t different(const std::vector<std::string>& texts) { return std::set(texts.begin(), texts.end()).size(); }

/// Bytes that all texts begin with, up to and with the last '.' or '/' among them.
std::size_t common_path(const std::vector<std::string>& texts) {
  std::string_view common = texts.front();
  for (const std::string& text : texts) {
    const auto end = std::mismatch(common.begin(), common.end(), text.begin(), text.end()).first;
    common = common.substr(0, static_cast<std::size_t>(end - common.begin()));
  }
  const std::size_t separator = common.find_last_of("./");
  return separator == std::string_view::npos ? 0 : separator + 1;
}

/// A column of at most `width` characters in which different texts stay different: shortened in the middle, or without
/// the path that all of them begin with; whole when neither will do.
std::vector<std::string> fit(const std::vector<std::string>& texts, std::size_t width) {
  if (std::ranges::all_of(texts, [&](const std::string& text) { return characters(text) <= width; })) return texts;
  std::vector<std::string> shortened;
  std::ranges::transform(texts, std::back_inserter(shortened), [&](const auto& text) { return shorten(text, width); });
  if (different(shortened) == different(texts)) return shortened;
  std::vector<std::string> ends;
  const std::size_t path = common_path(texts);
  for (const std::string& text : texts) ends.push_back(shorten(std::string(kEllipsis) + text.substr(path), width));
  return different(ends) == different(texts) ? ends : texts;
}

}  // namespace

std::size_t output_width() {
  if (::isatty(STDOUT_FILENO) == 0) return std::numeric_limits<std::size_t>::max();
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kTerminalWidth;
}

std::string shorten(std::string_view text, std::size_t width) {
  const std::size_t length = characters(text);
  if (length <= width) return std::string(text);
  if (width <= kEllipsis.size()) return std::string(text.substr(0, offset_of(text, width)));
  const std::size_t kept = width - kEllipsis.size();
  const std::size_t tail = kept - kept / 3;  // the end of a name tells more than its beginning
  std::string out(text.substr(0, offset_of(text, kept - tail)));
  out += kEllipsis;
  out += text.substr(offset_of(text, length - tail));
  return out;
}

void Table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::render(std::size_t width) const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t widest = characters(columns_[c].header);
    for (const auto& row : rows_) widest = std::max(widest, characters(row[c]));
    widths.push_back(columns_[c].wraps_at > 0 ? std::min(widest, columns_[c].wraps_at) : widest);
  }
  std::size_t total = kGap * (columns_.size() - 1);
  for (const std::size_t w : widths) total += w;
  while (total > width) {  // the widest column that may shrink gives one character
    std::size_t* widest = nullptr;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c].may_shrink && widths[c] > kNarrowest && (widest == nullptr || widths[c] > *widest))
        widest = &widths[c];
    }
    if (widest == nullptr) break;
    --*widest;
    --total;
  }

  std::vector<std::vector<std::string>> fitted = rows_;
  for (std::size_t c = 0; c < columns_.size() && !rows_.empty(); ++c) {
    if (!columns_[c].may_shrink) continue;
    std::vector<std::string> column;
    for (const auto& row : rows_) column.push_back(row[c]);
    column = fit(column, widths[c]);
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      widths[c] = std::max(widths[c], characters(column[r]));
      fitted[r][c] = std::move(column[r]);
    }
  }

  std::string out;
  const auto append_line = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      append_padded(line, shorten(cell_of(c), widths[c]), widths[c], columns_[c].right);
      if (c + 1 < columns_.size()) line.append(kGap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  append_line([&](std::size_t c) -> std::string { return columns_[c].header; });
  append_line([&](std::size_t c) -> std::string { return std::string(widths[c], '-'); });
  for (const auto& row : fitted) {
    std::vector<std::vector<std::string>> cells;
    std::size_t lines = 1;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      cells.push_back(columns_[c].wraps_at > 0 ? lines_of(wrap(row[c], 0, widths[c])) : std::vector{row[c]});
      lines = std::max(lines, cells[c].size());
    }
    for (std::size_t i = 0; i < lines; ++i) {
      append_line([&](std::size_t c) -> std::string { return i < cells[c].size() ? cells[c][i] : ""; });
    }
  }
  return out;
}

std::string wrap(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out;
  std::size_t column = indent;
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] == '\n') {
      out += "\n" + std::string(indent, ' ');
      column = indent;
      ++i;
      continue;
    }
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(" \n", i), text.size());
    const std::string_view word = text.substr(i, end - i);
    const std::size_t length = characters(word);
    if (column > indent && column + 1 + length > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    }
    if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += length;
    i = end;
  }
  return out;
}

}  // namespace zeropoint::cli
