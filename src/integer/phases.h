// The input of a convolution laid out so that every tap of the window, whatever its stride, reads forward.
//
// Along one axis output o under tap t is input o * stride + t * dilation - pad. Every stride-th input from some start
// on is a phase; output o under a tap is element o + shift of the tap's phase, so that consecutive outputs are
// neighbours in memory. Taps whose starts differ by multiples of the stride share a phase. Beyond the input lie zeros.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "integer/window.h"

namespace zeropoint::integer {

struct PhaseAxis {
  struct Phase {
    std::int64_t start = 0;  // element i is input start + i * stride
    std::int64_t first = 0;  // elements [first, last) lie in the input
    std::int64_t last = 0;
  };
  struct Tap {
    std::int64_t phase = 0;
    std::int64_t shift = 0;
  };

  PhaseAxis() = default;  ///< one input, one output
  PhaseAxis(const Window& window, std::size_t dim);

  std::int64_t stride = 1;
  std::int64_t output = 1;
  std::int64_t length = 1;  // elements of every phase; never more in all than taps * output
  std::vector<Phase> phases = {{0, 0, 1}};
  std::vector<Tap> taps = {{0, 0}};
};

/// Pairs of channels, each [phase d, phase h, phase w, d, h, w, 2].
class PhaseLayout {
 public:
  explicit PhaseLayout(const Window& window);

  std::int64_t pair_size() const { return pair_size_; }  ///< in pairs of values

  /// Where output 0 lies under every tap (row-major), in pairs of values.
  std::vector<std::int64_t> tap_offsets() const;

  /// Outputs: `planes` times `rows` rows of `width`; output (d, h, w) is (d * plane_pitch + h) * row_pitch + w after
  /// output 0.
  std::int64_t planes() const { return axes_[0].output; }
  std::int64_t rows() const { return axes_[1].output; }
  std::int64_t width() const { return axes_[2].output; }
  std::int64_t plane_pitch() const { return axes_[1].length; }
  std::int64_t row_pitch() const { return axes_[2].length; }

  /// Writes one pair of channels of codes; b == nullptr: there is no second channel.
  template <class Code>
  void stage(const Code* a, const Code* b, std::int32_t zero_point, std::int16_t* to) const;

 private:
  std::array<PhaseAxis, 3> axes_;
  std::array<std::int64_t, 3> input_ = {1, 1, 1};
  std::int64_t pair_size_ = 0;
};

}  // namespace zeropoint::integer
