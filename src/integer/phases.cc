#include "integer/phases.h"

#include <algorithm>

#include "integer/pieces.h"
#include "kernels/pair_codes/pair_codes.h"

namespace zeropoint::integer {
namespace {

/// A window of one position that covers the input once.
bool is_pointwise(const Window& w) {
  bool steps_by_one = true;
  for (const std::int64_t stride : w.strides) steps_by_one = steps_by_one && stride == 1;
  return steps_by_one && w.taps() == 1 && w.output == w.input;
}

/// How many strides reach what lies `distance` ahead; none for what lies behind.
std::int64_t strides_to(std::int64_t distance, std::int64_t stride) {
  return distance <= 0 ? 0 : ceil_div(distance, stride);
}

std::int16_t* put_zeros(std::int16_t* to, std::int64_t pairs) { return std::fill_n(to, 2 * pairs, std::int16_t{0}); }

}  // namespace

PhaseAxis::PhaseAxis(const Window& window, std::size_t dim)
    : stride(window.strides[dim]), output(window.output[dim]), length(output) {
  phases.clear();
  taps.clear();
  const std::int64_t count = window.kernel[dim];
  const std::int64_t dilation = window.dilations[dim];
  const std::int64_t residues = std::min(count, stride);  // an upper bound of the different t * dilation % stride
  const std::int64_t longest = output + (count - 1) * dilation / stride;
  const bool is_shared = residues * longest <= count * output;
  for (std::int64_t t = 0; t < count; ++t) {
    const std::int64_t reach = t * dilation;
    const std::int64_t start = is_shared ? reach % stride : reach;
    const auto same = [&](const Phase& p) { return p.start == start; };
    const auto phase = std::find_if(phases.begin(), phases.end(), same) - phases.begin();
    if (phase == std::ssize(phases)) phases.push_back({.start = start});
    taps.push_back({phase, (reach - start) / stride});
    length = std::max(length, output + taps.back().shift);
  }
  for (Phase& phase : phases) {
    phase.start -= window.pads_begin[dim];
    phase.first = std::min(length, strides_to(-phase.start, stride));
    phase.last = std::clamp(strides_to(window.input[dim] - phase.start, stride), phase.first, length);
  }
}

PhaseLayout::PhaseLayout(const Window& window) {
  if (is_pointwise(window)) {  // one long row
    const std::int64_t positions = element_count(window.input);
    input_[2] = positions;
    axes_[2].output = axes_[2].length = positions;
    axes_[2].phases = {{0, 0, positions}};
  } else {
    const std::size_t missing = axes_.size() - window.rank();
    for (std::size_t d = 0; d < window.rank(); ++d) {
      axes_[missing + d] = PhaseAxis(window, d);
      input_[missing + d] = window.input[d];
    }
  }
  pair_size_ = 1;
  for (const PhaseAxis& axis : axes_) pair_size_ *= std::ssize(axis.phases) * axis.length;
}

std::vector<std::int64_t> PhaseLayout::tap_offsets() const {
  const auto& [d, h, w] = axes_;
  std::vector<std::int64_t> offsets;
  for (const PhaseAxis::Tap& td : d.taps) {
    for (const PhaseAxis::Tap& th : h.taps) {
      for (const PhaseAxis::Tap& tw : w.taps) {
        const std::int64_t phase = (td.phase * std::ssize(h.phases) + th.phase) * std::ssize(w.phases) + tw.phase;
        offsets.push_back(((phase * d.length + td.shift) * h.length + th.shift) * w.length + tw.shift);
      }
    }
  }
  return offsets;
}

template <class Code>
void PhaseLayout::stage(const Code* a, const Code* b, std::int32_t zero_point, std::int16_t* to) const {
  const auto& [d, h, w] = axes_;
  const auto is_inside = [](const PhaseAxis::Phase& p, std::int64_t i) { return i >= p.first && i < p.last; };
  for (const PhaseAxis::Phase& pd : d.phases) {
    for (const PhaseAxis::Phase& ph : h.phases) {
      for (const PhaseAxis::Phase& pw : w.phases) {
        for (std::int64_t row = 0; row < d.length * h.length; ++row) {
          const std::int64_t z = row / h.length;
          const std::int64_t y = row % h.length;
          if (!is_inside(pd, z) || !is_inside(ph, y) || pw.first == pw.last) {
            to = put_zeros(to, w.length);
            continue;
          }
          const std::int64_t line = (pd.start + z * d.stride) * input_[1] + ph.start + y * h.stride;
          const std::int64_t from = line * input_[2] + pw.start + pw.first * w.stride;
          const std::int64_t count = pw.last - pw.first;
          to = put_zeros(to, pw.first);
          pair_codes(a + from, b == nullptr ? nullptr : b + from, count, w.stride, zero_point, to);
          to = put_zeros(to + 2 * count, w.length - pw.last);
        }
      }
    }
  }
}

template void PhaseLayout::stage(const std::uint8_t*, const std::uint8_t*, std::int32_t, std::int16_t*) const;
template void PhaseLayout::stage(const std::int8_t*, const std::int8_t*, std::int32_t, std::int16_t*) const;

}  // namespace zeropoint::integer
