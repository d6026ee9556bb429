// What the writer and the reader of plan files have in common.
#pragma once

#include <array>
#include <string_view>

namespace zeropoint {

inline constexpr int kPlanVersion = 1;
inline constexpr std::array<std::string_view, 3> kRoles = {"weight", "activation", "bias"};  // in order of TensorRole

}  // namespace zeropoint
