// The quantizer as a picture: x along the bottom, x' = dequantize(quantize(x)) up the side. Steps of
// integer codes are S wide and S high, those of float codes grow with every power of two; left and
// right of the effective range the stairs run flat.
#pragma once

#include <string>
#include <vector>

#include "zeropoint/quant.h"

namespace zeropoint {

struct StairStep {
  double left = 0;  // the x that share this code, cut to the window
  double right = 0;
  double value = 0;  // x'
  double code = 0;   // of a float type: the number that the code stands for
};

struct Staircase {
  Range window;  // of x
  std::vector<StairStep> steps;
  std::int32_t zero_point = 0;
};

/// The whole range for float codes and for up to 32 integer codes, otherwise a window of 16 steps around 0.
Staircase make_staircase(const Scheme& scheme, const Derivation& derivation);

/// Rows of at most `columns` characters, with the axis labels.
std::vector<std::string> plot_terminal(const Staircase& staircase, int columns);

/// A self-contained SVG document.
std::string plot_svg(const Staircase& staircase, const std::string& title);

}  // namespace zeropoint
