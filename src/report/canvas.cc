#include "report/canvas.h"

#include <algorithm>

namespace zeropoint {
namespace {

// Unicode 10.0, section 21.1: U+2800 plus one bit per dot, numbered down the left column, then the right,
// the fourth row last.
constexpr unsigned char kDots[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

void append_braille(std::string& text, unsigned char bits) {
  text += static_cast<char>(0xE2);
  text += static_cast<char>(0xA0 | (bits >> 6));
  text += static_cast<char>(0x80 | (bits & 0x3F));
}

}  // namespace

Canvas::Canvas(int columns, int rows) : columns_(columns), rows_(rows) {
  cells_.resize(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows));
}

void Canvas::dot(int x, int y) {
  if (x < 0 || y < 0 || x >= width() || y >= height()) return;
  cells_[cell(x / 2, y / 4)] |= kDots[y % 4][x % 2];
}

void Canvas::horizontal(int x_from, int x_to, int y) {
  for (int x = std::min(x_from, x_to); x <= std::max(x_from, x_to); ++x) dot(x, y);
}

void Canvas::vertical(int x, int y_from, int y_to) {
  for (int y = std::min(y_from, y_to); y <= std::max(y_from, y_to); ++y) dot(x, y);
}

std::vector<std::string> Canvas::lines() const {
  std::vector<std::string> lines;
  for (int row = 0; row < rows_; ++row) {
    std::string line;
    int blanks = 0;
    for (int column = 0; column < columns_; ++column) {
      const unsigned char bits = cells_[cell(column, row)];
      if (bits == 0) {
        ++blanks;
        continue;
      }
      line.append(static_cast<std::size_t>(blanks), ' ');
      blanks = 0;
      append_braille(line, bits);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace zeropoint
