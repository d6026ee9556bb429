// A drawing surface of Unicode braille: every character cell is 2 x 4 dots. For plots in a terminal.
#pragma once

#include <string>
#include <vector>

namespace zeropoint {

class Canvas {
 public:
  Canvas(int columns, int rows);

  int width() const { return columns_ * 2; }  ///< dots
  int height() const { return rows_ * 4; }

  /// Sets a dot; (0, 0) is the top left. Dots outside are ignored.
  void dot(int x, int y);
  void horizontal(int x_from, int x_to, int y);
  void vertical(int x, int y_from, int y_to);

  /// One UTF-8 string per row of characters, trailing blanks removed.
  std::vector<std::string> lines() const;

 private:
  std::size_t cell(int column, int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) + static_cast<std::size_t>(column);
  }

  int columns_;
  int rows_;
  std::vector<unsigned char> cells_;
};

}  // namespace zeropoint
