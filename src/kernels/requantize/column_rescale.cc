#include "kernels/requantize/requantize.h"

namespace zeropoint {

ColumnRescale::ColumnRescale(std::span<const Rescale> rescales) : columns(static_cast<std::int64_t>(rescales.size())) {
  constexpr std::size_t kPadding = 64;  // vector loads may run past the last column
  multiplier.resize(rescales.size() + kPadding);
  m0.resize(multiplier.size());
  shift.resize(multiplier.size());
  for (std::size_t i = 0; i < rescales.size(); ++i) {
    multiplier[i] = rescales[i].multiplier;
    m0[i] = rescales[i].fixed.m0;
    shift[i] = rescales[i].fixed.shift;
    only_right_shifts = only_right_shifts && rescales[i].fixed.shift <= 0;
  }
}

}  // namespace zeropoint
