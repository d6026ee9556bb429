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

/// What was seen of a model: sums that files hold, of which the importance is the mean.
struct ObservedImportance {
  std::map<std::string, std::vector<float>> sums;  // sum over rows of x^2, by the weight's name in the checkpoint
  std::int64_t rows = 0;                           // tokens

  Importance means() const;
};

/// `dataset`: where the rows came from, a name for readers. Throws io; unsupported for a weight that GGUF has no name
/// for. load_importance() gives means() back.
void save_importance(const ObservedImportance& seen, const GgufArchitecture& architecture, const std::string& dataset,
                     const std::filesystem::path& file);

}  // namespace zeropoint
