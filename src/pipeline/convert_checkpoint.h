// convert's writers: one function per kind of file, chosen by the name of the format.
#pragma once

#include <filesystem>

#include "formats/format.h"
#include "passes/quantize_weights.h"
#include "pipeline/coded_checkpoint.h"
#include "zeropoint/checkpoint.h"

namespace zeropoint {

/// A folder of safetensors.
CheckpointReport convert_to_safetensors(const CodedCheckpoint& from, const Format& format,
                                        const std::filesystem::path& output, const ConvertJob& job);

/// One ONNX model: the checkpoint's graph, whose products read codes.
CheckpointReport convert_to_onnx(const CodedCheckpoint& from, OnnxWeightForm form, const std::filesystem::path& output,
                                 const ConvertJob& job);

/// One GGUF file. Blocks of 32 values hold codes whose scales are float16.
CheckpointReport convert_to_gguf(const CodedCheckpoint& from, const std::filesystem::path& output,
                                 const ConvertJob& job);

}  // namespace zeropoint
