// What the operators that only move elements share: they work on bytes and do not know the type.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/movement/strided_copy.h"
#include "ops/op.h"

namespace zeropoint {

constexpr std::string_view kAnyType = "any";  // for `zeropoint ops`

/// Output 0 is a copy of input 0's elements, in order; the kernel of views that cannot share storage.
std::unique_ptr<Kernel> make_copy(const OpSite& site);

/// One strided copy from input `from` to output `to`; the offsets (bytes) are where index 0 lies.
struct Move {
  std::size_t to = 0;
  std::size_t from = 0;
  std::size_t to_offset = 0;
  std::size_t from_offset = 0;
  StridedCopy copy;
};

/// A kernel that does the moves one after the other.
std::unique_ptr<Kernel> make_moves(std::vector<Move> moves);

}  // namespace zeropoint
