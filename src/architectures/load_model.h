// A model from whatever file holds one: an ONNX file, or a checkpoint (a folder, .safetensors or .gguf) as its graph.
#pragma once

#include <filesystem>

#include "architectures/architecture.h"
#include "graph/graph.h"

namespace zeropoint {

/// `layers` is for checkpoints. Throws what load_onnx(), open_checkpoint() and Architecture::build() throw.
Model load_model(const std::filesystem::path& path, LinearLayers layers = LinearLayers::in_float);

}  // namespace zeropoint
