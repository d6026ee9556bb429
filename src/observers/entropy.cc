// The range whose quantized distribution loses the least information: the candidate with the smallest
// Kullback-Leibler divergence KL(P || Q), after Migacz 2017, "8-bit Inference with TensorRT".
//
// A candidate is a window of bins around zero, [max(min, -T), min(max, T)] for T at every bin border.
//   P: the window's counts, with what lies outside added to its first and last bin;
//   Q: the window's counts without that, summed into as many groups as there are codes, each sum spread
//      evenly over the group's bins that P does not leave empty.
// Both are normalised and held in float64. Exact zeros are left out: every grid represents them exactly.
// A symmetric scheme folds the histogram: magnitudes, and half the codes.
//
// With P constant c inside a group, sum P log Q needs only the group's totals, so that prefix sums
// make a candidate cost one step per group instead of one per bin.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/fail.h"
#include "observers/observer.h"
#include "quant/scheme.h"

namespace zeropoint {
namespace {

/// Counts of consecutive bins without exact zeros; bin i begins at (first + i) width.
struct Bins {
  std::int64_t first = 0;
  std::vector<double> counts;
};

Bins bins_without_zeros(const SliceStatistics& seen) {
  const Histogram& h = seen.histogram;
  Bins bins{h.first, {h.counts.begin(), h.counts.end()}};
  if (seen.zeros > 0) bins.counts[static_cast<std::size_t>(-h.first)] -= static_cast<double>(seen.zeros);
  return bins;
}

/// Magnitudes: bin m holds [m width, (m + 1) width) of both signs.
Bins folded(const Bins& bins) {
  const auto size = static_cast<std::int64_t>(bins.counts.size());
  Bins magnitudes;
  magnitudes.counts.resize(static_cast<std::size_t>(std::max(bins.first + size, -bins.first)));
  for (std::int64_t i = 0; i < size; ++i) {
    const std::int64_t bin = bins.first + i;
    magnitudes.counts[static_cast<std::size_t>(bin >= 0 ? bin : -bin - 1)] += bins.counts[static_cast<std::size_t>(i)];
  }
  return magnitudes;
}

double x_log_x(double x) { return x > 0 ? x * std::log(x) : 0; }

class Divergence {
 public:
  Divergence(const std::vector<double>& counts, std::int64_t groups)
      : counts_(counts), groups_(groups), sum_(counts.size() + 1), filled_(counts.size() + 1), log_(counts.size() + 1) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      sum_[i + 1] = sum_[i] + counts[i];
      filled_[i + 1] = filled_[i] + (counts[i] > 0 ? 1 : 0);
      log_[i + 1] = log_[i] + x_log_x(counts[i]);
    }
  }

  /// KL(P || Q) of the window [begin, end), at least one bin per group. Infinite where P has values and Q none.
  double of(std::int64_t begin, std::int64_t end) const {
    const double total = sum_.back();
    const double inside = between(sum_, begin, end);
    const double below = sum_[static_cast<std::size_t>(begin)];
    const double above = total - below - inside;
    if (inside == 0) return std::numeric_limits<double>::infinity();
    const double first = counts_[static_cast<std::size_t>(begin)];
    const double last = counts_[static_cast<std::size_t>(end - 1)];
    // sum P log P, the two end bins replaced by what they hold with the outliers
    double divergence =
        between(log_, begin, end) + x_log_x(first + below) - x_log_x(first) + x_log_x(last + above) - x_log_x(last);
    for (std::int64_t g = 0; g < groups_; ++g) {
      const std::int64_t from = begin + (end - begin) * g / groups_;
      const std::int64_t to = begin + (end - begin) * (g + 1) / groups_;
      const double q = between(sum_, from, to);
      double p = q;
      double filled = between(filled_, from, to);
      if (g == 0) {
        p += below;
        filled += below > 0 && first == 0 ? 1 : 0;
      }
      if (g == groups_ - 1) {
        p += above;
        filled += above > 0 && last == 0 ? 1 : 0;
      }
      if (p == 0) continue;
      if (q == 0) return std::numeric_limits<double>::infinity();
      divergence -= p * std::log(q / filled);
    }
    return divergence / total + std::log(inside / total);
  }

 private:
  static double between(const std::vector<double>& prefix, std::int64_t begin, std::int64_t end) {
    return prefix[static_cast<std::size_t>(end)] - prefix[static_cast<std::size_t>(begin)];
  }

  const std::vector<double>& counts_;
  std::int64_t groups_;
  std::vector<double> sum_;     // prefix sums of the counts,
  std::vector<double> filled_;  // of the bins that hold values,
  std::vector<double> log_;     // and of count log count
};

RangeChoice choose(const SliceStatistics& seen, const Scheme& scheme, const ObserverOptions&) {
  const double width = seen.histogram.bin_width();
  const Bins bins = scheme.symmetric ? folded(bins_without_zeros(seen)) : bins_without_zeros(seen);
  const auto size = static_cast<std::int64_t>(bins.counts.size());
  const CodeRange codes = code_range(scheme);
  const std::int64_t levels = std::int64_t{codes.max} - codes.min + 1;
  const std::int64_t groups = scheme.symmetric ? levels / 2 : levels;

  RangeChoice choice{.range = {seen.min, seen.max}, .candidates = 0};
  const Divergence divergence(bins.counts, groups);
  double best = std::numeric_limits<double>::infinity();
  double widest = best;
  const std::int64_t reach = std::max(bins.first + size, -bins.first);
  for (std::int64_t t = reach; t >= 1; --t) {
    const std::int64_t begin = std::max<std::int64_t>(-t - bins.first, 0);
    const std::int64_t end = std::min(t - bins.first, size);
    if (end - begin < groups) break;
    const double kl = divergence.of(begin, end);
    if (choice.candidates++ == 0) widest = kl;
    if (kl >= best) continue;
    best = kl;
    const double threshold = static_cast<double>(t) * width;
    choice.range = {std::max(seen.min, -threshold), std::min(seen.max, threshold)};
  }
  choice.reason = fmt::format("least divergence, {:.4g} nat, of {} ranges (nothing clipped: {:.4g})", best,
                              choice.candidates, widest);
  if (choice.candidates <= 1) {
    choice.candidates = 1;
    choice.reason = fmt::format("smallest and largest of {} values", seen.count);
    choice.warning = fmt::format(
        "{} bins in use leave one candidate for {} levels, so entropy cannot change the range: the same as minmax",
        size, groups);
  }
  return choice;
}

}  // namespace

ObserverSpec observer_entropy() {
  return {.name = "entropy",
          .summary = "the range with the least Kullback-Leibler divergence between values and codes",
          .source = "Migacz 2017, 8-bit Inference with TensorRT",
          .choose = choose,
          .needs_histogram = true,
          .needs_even_codes = true};
}

}  // namespace zeropoint
