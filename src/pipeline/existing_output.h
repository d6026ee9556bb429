// What --force may replace: a finished output of an earlier run, and no other folder of files.
#pragma once

#include <filesystem>

#include "base/output_folder.h"

namespace zeropoint {

/// With `is_forced` the folder may be replaced. Throws invalid_option when it then holds files, but no config.json that
/// describes a quantization: letters and float models are not what a run has written.
OutputFolder::Existing existing_output(const std::filesystem::path& output, bool is_forced);

}  // namespace zeropoint
