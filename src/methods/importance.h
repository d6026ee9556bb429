// How much each input column of a weight matters: the mean square of what is multiplied with it, from calibration.
//
// In files it has llama.cpp's form: its GGUF form is read and written, its older binary form is read.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "checkpoint/gguf_architecture.h"

namespace zeropoint {

/// By the weight's name in the checkpoint: one value per input column.
using Importance = std::map<std::string, std::vector<float>>;

/// Throws io and invalid_data naming file and tensor. The file has GGUF's names of tensors.
Importance load_importance(const std::filesystem::path& file, const GgufArchitecture& architecture);

/// Throws io. `rows`: activations that were seen.
void save_importance(const Importance& importance, const GgufArchitecture& architecture, std::int64_t rows,
                     const std::filesystem::path& file);

}  // namespace zeropoint
