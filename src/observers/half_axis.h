// One side of zero of a recorded distribution, and the exact squared error of a grid on it.
//
// Real 0 is a code of every grid, so a grid of scale S has the levels S l_0 < S l_1 < ... with
// l_0 = 0 on each side of zero, whatever its zero point: the zero point only says how many of them
// each side gets. For a fixed scale the two sides therefore decouple, and one walk along a side
// gives the error for every number of levels at once. That is what makes the 2-D search of mse.cc
// cheap.
//
// Inside a bin the values are taken as uniform (a bin at the end of the range is cut off at the
// smallest or largest value); everything that follows from that is exact: integrals of (x - level)^2
// over pieces of bins, no S^2/12. Exact zeros are left out: they have no error on any grid.
#pragma once

#include <span>
#include <vector>

#include "observers/statistics.h"
#include "zeropoint/quant.h"

namespace zeropoint {

class HalfAxis {
 public:
  enum class Side { positive, negative };

  /// `seen` has a histogram.
  HalfAxis(const SliceStatistics& seen, Side side);

  double count() const { return count_; }  ///< values on this side, zeros not among them
  double largest() const { return pieces_.empty() ? 0 : pieces_.back().end; }  ///< magnitude

  /// errors[j] = sum of (|x| - nearest of scale * levels[0..j])^2 over this side's values.
  /// `levels` rise from levels[0] == 0; errors.size() == levels.size().
  void sum_errors(std::span<const double> levels, double scale, std::span<double> errors) const;

  /// Sum of (|x| - limit)^2 over the values beyond `limit`: what clipping there costs.
  double sum_clipping_error(double limit) const;

  /// Sum of |x| - limit over the values beyond `limit`.
  double sum_excess(double limit) const;

  /// How many of this side's values have a magnitude up to `limit`.
  double count_up_to(double limit) const;

  /// The magnitude below which `count` of this side's values lie, interpolated inside the bin.
  double quantile(double count) const;

 private:
  /// Power sums of values: of 1, |x| and x^2.
  struct Moments {
    double count = 0;
    double sum = 0;
    double sum_of_squares = 0;
    void add(double density, double begin, double end);
    Moments operator-(const Moments& other) const;
    double squared_distance_to(double level) const;
  };

  /// Values spread evenly over magnitudes from begin to end.
  struct Piece {
    double begin;
    double end;
    double count;
    double density;
  };

  Moments beyond(double limit) const;
  Moments beyond(double limit, std::size_t piece) const;  // `piece` is the first that reaches over `limit`

  std::vector<Piece> pieces_;    // ascending, none empty
  std::vector<Moments> beyond_;  // beyond_[i]: of pieces i and up; one more than pieces
  double count_ = 0;
};

/// The magnitudes of a scheme's levels on one side of zero at scale 1: 0, 1, 2 ... for integers,
/// the code values for 8-bit and 4-bit floats.
std::vector<double> levels_of(const Scheme& scheme);

/// Mean squared errors per element of a grid, on the histogram.
struct GridError {
  double clipping = 0;  // values beyond the largest or smallest level
  double rounding = 0;  // all others
};
GridError measure_grid(const SliceStatistics& seen, const Scheme& scheme, QParams qparams);

}  // namespace zeropoint
