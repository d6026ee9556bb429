// The quantizer as a picture: x along the bottom, x' = dequantize(quantize(x)) up the side. The
// steps are S wide and S high; left and right of the effective range the stairs run flat.
#pragma once

#include <string>
#include <vector>

#include "zeropoint/quant.h"

namespace zeropoint {

/// What is drawn: the whole range when it has at most 32 steps, otherwise a window of 16 steps around 0.
struct Staircase {
  QParams qparams;
  CodeRange codes;
  Range window;  // of x
};

Staircase make_staircase(const Derivation& derivation);

/// Rows of at most `columns` characters, with the axis labels.
std::vector<std::string> plot_terminal(const Staircase& staircase, int columns);

/// A self-contained SVG document.
std::string plot_svg(const Staircase& staircase, const std::string& title);

}  // namespace zeropoint
