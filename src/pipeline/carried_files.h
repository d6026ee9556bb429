// What a checkpoint's folder holds beside its weights: tokenizers, generation_config.json, licences. They are carried
// to the output as they are; config.json gets a new description of the quantization.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "checkpoint/checkpoint.h"

namespace zeropoint {

/// Files beside the weights, sorted: none for a GGUF file or a .safetensors file without config.json. Weights in any
/// format, descriptions of an earlier quantization and folders are left out.
std::vector<std::filesystem::path> carried_files(const Checkpoint& checkpoint);

/// Copies them, and writes config.json with `quantization`; for GPTQ's readers also quantize_config.json. Throws io.
void write_companions(const Checkpoint& checkpoint, const nlohmann::ordered_json& quantization,
                      const std::filesystem::path& folder);

}  // namespace zeropoint
