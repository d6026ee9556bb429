// A whole checkpoint as a GGUF file, where a test has no use for the plan between.
#pragma once

#include <filesystem>

#include "exporters/gguf.h"

namespace zeropoint::testing {

inline GgufPlan export_gguf(const Checkpoint& checkpoint, const GgufOptions& options,
                            const std::filesystem::path& path) {
  GgufPlan plan = plan_gguf(checkpoint, options);
  write_gguf(checkpoint, plan, options, path);
  return plan;
}

}  // namespace zeropoint::testing
