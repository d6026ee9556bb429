// A part of a tensor, written as NumPy writes it: "[:,0,:]" keeps the first and last axis at index 0 of the second.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/tensor.h"

namespace zeropoint {

class Selection {
 public:
  /// ':' keeps an axis, a number picks one index and drops the axis (negative: from the end). Missing axes are kept.
  /// Throws invalid_option naming `where`.
  static Selection parse(std::string_view text, std::string_view where);

  bool empty() const { return axes_.empty(); }

  /// A copy of the part, or the same handle when everything is kept. Throws invalid_option when it leaves the tensor.
  Tensor of(const Tensor& tensor) const;

 private:
  std::vector<std::optional<std::int64_t>> axes_;
  std::string where_;
};

}  // namespace zeropoint
