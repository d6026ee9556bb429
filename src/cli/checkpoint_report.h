// What quantize and convert say of a checkpoint, for people and for programs.
#pragma once

#include <string>

#include "zeropoint/checkpoint.h"

namespace zeropoint::cli {

/// "124 matrices: 2.2 GB in, 0.61 GB out; memory 270 MB of 12 GB, disk 0.61 GB of 80 GB, about 3 s"
std::string preflight_text(const Preflight& preflight);

std::string report_text(const CheckpointReport& report, const std::string& output);
std::string report_json(const CheckpointReport& report, const std::string& output);

}  // namespace zeropoint::cli
