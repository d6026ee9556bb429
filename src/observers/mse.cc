// The grid with the least mean squared error, clipping included.
//
// A grid is a scale S and a zero point Z, or as well the pair alpha = S (qmin - Z), beta = S (qmax - Z)
// that S and Z come from; so searching all pairs (alpha, beta) is searching all (S, Z). For each of
// kScales scales, one walk over each side of zero (half_axis.h) gives the side's error for every number
// of levels; every zero point then costs one addition:
//
//   E(S, Z) = E+(S, qmax - Z) + E-(S, Z - qmin)
//
// A second pass looks between the neighbours of the best scale.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/fail.h"
#include "observers/half_axis.h"
#include "observers/observer.h"
#include "quant/scheme.h"

namespace zeropoint {
namespace {

constexpr int kScales = 256;         // from 1/256 to 1 of the scale that clips nothing
constexpr int kFineScales = 32;      // on each side of the best, up to its neighbours
constexpr int kWidestCodeBits = 16;  // wider codes have no visible rounding error

struct Candidate {
  double error = std::numeric_limits<double>::infinity();
  double scale = 1;
  std::size_t positive_levels = 0;  // above zero
};

class Search {
 public:
  Search(const SliceStatistics& seen, const Scheme& scheme)
      : scheme_(scheme),
        positive_(seen, HalfAxis::Side::positive),
        negative_(seen, HalfAxis::Side::negative),
        levels_(levels_of(scheme)),
        positive_errors_(levels_.size()),
        negative_errors_(levels_.size()) {}

  /// Evaluates every zero point that the scheme allows for one scale.
  void try_scale(double scale) {
    positive_.sum_errors(levels_, scale, positive_errors_);
    negative_.sum_errors(levels_, scale, negative_errors_);
    const std::size_t steps = levels_.size() - 1;
    if (!has_integer_codes(scheme_.dtype)) {
      consider(scale, steps, positive_errors_[steps] + negative_errors_[steps]);
      return;
    }
    if (scheme_.symmetric) {
      const std::size_t below = (steps + 1) / 2;  // the middle code leaves one level more below zero, if any
      consider(scale, steps - below, positive_errors_[steps - below] + negative_errors_[below]);
      return;
    }
    // Of equal errors the first wins: the one that gives the larger side more levels.
    const bool is_mostly_positive = positive_.largest() >= negative_.largest();
    for (std::size_t i = 0; i <= steps; ++i) {
      const std::size_t above = is_mostly_positive ? steps - i : i;
      consider(scale, above, positive_errors_[above] + negative_errors_[steps - above]);
    }
  }

  const Candidate& best() const { return best_; }
  int candidates() const { return candidates_; }

  Range range_of_best() const {
    const double steps = levels_.back();
    if (!has_integer_codes(scheme_.dtype)) return {-best_.scale * steps, best_.scale * steps};
    if (scheme_.symmetric) return {-best_.scale * steps / 2, best_.scale * steps / 2};
    const auto above = static_cast<double>(best_.positive_levels);
    return {-best_.scale * (steps - above), best_.scale * above};
  }

 private:
  void consider(double scale, std::size_t positive_levels, double error) {
    ++candidates_;
    if (error < best_.error) best_ = {error, scale, positive_levels};
  }

  const Scheme& scheme_;
  HalfAxis positive_;
  HalfAxis negative_;
  std::vector<double> levels_;
  std::vector<double> positive_errors_;
  std::vector<double> negative_errors_;
  Candidate best_;
  int candidates_ = 0;
};

RangeChoice choose(const SliceStatistics& seen, const Scheme& scheme, const ObserverOptions&) {
  const Range all{seen.min, seen.max};
  if (bits(scheme.dtype) > kWidestCodeBits || seen.zeros == seen.count) {
    return {.range = all,
            .reason = fmt::format("smallest and largest of {} values", seen.count),
            .warning = seen.zeros == seen.count ? "all values are zero: every range is as good"
                                                : "codes of more than 16 bits: the same as minmax"};
  }
  const double full = derive_qparams(all, scheme).qparams.scale;
  Search search(seen, scheme);
  if (scheme.power_of_two) {
    for (double scale = full; scale >= full / kScales; scale /= 2) search.try_scale(scale);
  } else {
    // The largest first: of equal errors the range that clips least wins.
    const double step = full / kScales;
    for (int i = kScales; i >= 1; --i) search.try_scale(step * i);
    const double centre = search.best().scale;
    for (int i = kFineScales - 1; i > -kFineScales; --i) search.try_scale(centre + step * i / kFineScales);
  }
  const bool has_zero_points = has_integer_codes(scheme.dtype) && !scheme.symmetric;
  const double error = search.best().error / static_cast<double>(seen.count);
  return {
      .range = search.range_of_best(),
      .candidates = search.candidates(),
      .reason = fmt::format("least mean squared error, {:.4g}, of {} {}; scale {:.6g} where nothing clipped would "
                            "be {:.6g}",
                            error, search.candidates(), has_zero_points ? "pairs of scale and zero point" : "scales",
                            search.best().scale, full)};
}

}  // namespace

ObserverSpec observer_mse() {
  return {
      .name = "mse",
      .summary = "the range with the least squared error, rounding and clipping, of all pairs of scale and zero point",
      .source = "minimises E[(x - x')^2]; compare Krishnamoorthi 2018; Banner et al. 2019, section 3",
      .choose = choose,
      .needs_histogram = true};
}

}  // namespace zeropoint
