#include "observers/half_axis.h"

#include <algorithm>
#include <cmath>

#include "base/float8.h"
#include "quant/scheme.h"

namespace zeropoint {
namespace {

double cube(double x) { return x * x * x; }

}  // namespace

HalfAxis::HalfAxis(const SliceStatistics& seen, Side side) {
  const Histogram& h = seen.histogram;
  const bool positive = side == Side::positive;
  const double smallest = std::max(0.0, positive ? seen.min : -seen.max);
  const double largest = std::max(0.0, positive ? seen.max : -seen.min);
  const auto bins = static_cast<std::int64_t>(h.counts.size());
  for (std::int64_t i = 0; i < bins; ++i) {
    // Bin 0 begins at zero and holds the exact zeros; bin -1 is the first of the negative side.
    const std::int64_t at = positive ? i : bins - 1 - i;
    const std::int64_t bin = h.first + at;
    if ((bin >= 0) != positive) continue;
    const std::uint64_t values = h.counts[static_cast<std::size_t>(at)] - (bin == 0 ? seen.zeros : 0);
    if (values == 0) continue;
    const double near = std::ldexp(static_cast<double>(positive ? bin : -bin - 1), h.exponent);
    const double begin = std::max(near, smallest);
    const double end = std::min(near + h.bin_width(), largest);
    count_ += static_cast<double>(values);
    if (begin < end) {
      pieces_.push_back({.begin = begin, .end = end, .count = static_cast<double>(values)});
    } else if (!pieces_.empty() && pieces_.back().end == begin) {
      pieces_.back().count += static_cast<double>(values);  // the largest value lies on a border: nothing beyond it
    } else {
      pieces_.push_back({.begin = begin - h.bin_width() / 2, .end = begin, .count = static_cast<double>(values)});
    }
  }
  for (Piece& piece : pieces_) piece.density = piece.count / (piece.end - piece.begin);
  beyond_.resize(pieces_.size() + 1);
  for (std::size_t i = pieces_.size(); i-- > 0;) {
    beyond_[i] = beyond_[i + 1];
    beyond_[i].add(pieces_[i].density, pieces_[i].begin, pieces_[i].end);
  }
}

void HalfAxis::Moments::add(double density, double begin, double end) {
  count += density * (end - begin);
  sum += density * (end * end - begin * begin) / 2;
  sum_of_squares += density * (cube(end) - cube(begin)) / 3;
}

HalfAxis::Moments HalfAxis::Moments::operator-(const Moments& other) const {
  return {count - other.count, sum - other.sum, sum_of_squares - other.sum_of_squares};
}

double HalfAxis::Moments::squared_distance_to(double level) const {
  return std::max(0.0, sum_of_squares - 2 * level * sum + level * level * count);
}

HalfAxis::Moments HalfAxis::beyond(double limit, std::size_t piece) const {
  if (piece == pieces_.size()) return {};
  const Piece& p = pieces_[piece];
  if (limit <= p.begin) return beyond_[piece];
  Moments moments = beyond_[piece + 1];
  moments.add(p.density, limit, p.end);
  return moments;
}

void HalfAxis::sum_errors(std::span<const double> levels, double scale, std::span<double> errors) const {
  const auto part = [](const Piece& p, double level, double begin, double end) {
    return p.density * (cube(end - level) - cube(begin - level)) / 3;
  };
  std::size_t piece = 0;
  double position = 0;  // where the current level's cell begins
  double done = 0;      // error of everything below `position`, each value on its nearest level
  for (std::size_t j = 0; j < levels.size(); ++j) {
    const double level = scale * levels[j];
    const double cell_end = j + 1 < levels.size() ? scale * (levels[j] + levels[j + 1]) / 2 : level;
    if (piece < pieces_.size() && pieces_[piece].begin < position && pieces_[piece].end <= cell_end) {
      done += part(pieces_[piece], level, position, pieces_[piece].end);
      ++piece;
    }
    // Whole pieces at once, by a difference of sums of squares. A cell that holds a whole bin is at least 2^-15 of the
    // range wide (2^-12 with 4096 bins), so that S^2 / 12 stays 2^18 times above the rounding of those sums.
    const std::size_t first = piece;
    while (piece < pieces_.size() && pieces_[piece].end <= cell_end) ++piece;
    done += (beyond_[first] - beyond_[piece]).squared_distance_to(level);
    if (piece == pieces_.size()) {
      std::fill(errors.begin() + static_cast<std::ptrdiff_t>(j), errors.end(), done);
      return;
    }
    const Piece& last = pieces_[piece];
    if (last.begin < cell_end) done += part(last, level, std::max(position, last.begin), cell_end);
    errors[j] = done + beyond(cell_end, piece).squared_distance_to(level);
    position = cell_end;
  }
}

HalfAxis::Moments HalfAxis::beyond(double limit) const {
  const auto reaches_over = [](double at, const Piece& p) { return at < p.end; };
  const auto first = std::upper_bound(pieces_.begin(), pieces_.end(), limit, reaches_over);
  return beyond(limit, static_cast<std::size_t>(first - pieces_.begin()));
}

double HalfAxis::sum_clipping_error(double limit) const { return beyond(limit).squared_distance_to(limit); }

double HalfAxis::sum_excess(double limit) const {
  const Moments moments = beyond(limit);
  return std::max(0.0, moments.sum - limit * moments.count);
}

double HalfAxis::count_up_to(double limit) const { return count_ - beyond(limit).count; }

double HalfAxis::quantile(double count) const {
  for (const Piece& p : pieces_) {
    if (count < p.count) return p.begin + std::max(0.0, count) / p.density;
    count -= p.count;
  }
  return largest();
}

std::vector<double> levels_of(const Scheme& scheme) {
  std::vector<double> levels;
  if (const SmallFloat* format = small_float(scheme.dtype)) {
    for (int code = 0; code <= format->largest; ++code) {
      levels.push_back(decode(static_cast<std::uint8_t>(code), *format));
    }
    return levels;
  }
  const CodeRange codes = code_range(scheme);
  for (std::int32_t level = 0; level <= codes.max - codes.min; ++level) levels.push_back(level);
  return levels;
}

GridError measure_grid(const SliceStatistics& seen, const Scheme& scheme, QParams qparams) {
  const std::vector<double> levels = levels_of(scheme);
  std::vector<double> errors(levels.size());
  double clipping = 0;
  double total = 0;
  for (const auto side : {HalfAxis::Side::positive, HalfAxis::Side::negative}) {
    std::size_t reach = levels.size() - 1;  // index of the side's last level
    if (has_integer_codes(scheme.dtype)) {
      const CodeRange codes = code_range(scheme);
      reach = static_cast<std::size_t>(side == HalfAxis::Side::positive ? codes.max - qparams.zero_point
                                                                        : qparams.zero_point - codes.min);
    }
    const HalfAxis half(seen, side);
    half.sum_errors({levels.data(), reach + 1}, qparams.scale, {errors.data(), reach + 1});
    clipping += half.sum_clipping_error(qparams.scale * levels[reach]);
    total += errors[reach];
  }
  const auto count = static_cast<double>(seen.count);
  return {.clipping = clipping / count, .rounding = std::max(0.0, total - clipping) / count};
}

}  // namespace zeropoint
