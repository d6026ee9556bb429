// What writing a planned GGUF file will take.
#pragma once

#include <filesystem>

#include "exporters/gguf.h"
#include "zeropoint/checkpoint.h"

namespace zeropoint {

/// The time is estimated from quantizing a few thousand values in each of the plan's formats.
Preflight preflight_gguf(const Checkpoint& checkpoint, const GgufPlan& plan, const std::filesystem::path& target);

}  // namespace zeropoint
