// Writes ONNX models: what load_onnx() read, with what was changed since.
//
// Weights go from the mapped input to the output without a copy in memory. Beyond 2 GB, protobuf's
// limit, and when the input did so, weights go to "<file>.data" beside the model. Both files appear
// whole or not at all. Throws io.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "graph/graph.h"

namespace zeropoint {

struct SaveOnnxOptions {
  std::uint64_t max_model_bytes = (1ULL << 31U) - 1;  // a larger file keeps its weights beside it
  std::size_t external_from_bytes = 1024;             // smaller tensors stay in the model file
};

void save_onnx(const Model& model, const std::filesystem::path& path, const SaveOnnxOptions& options = {});

/// The bytes of the model file, all weights inside.
std::string serialize_onnx(const Model& model);

}  // namespace zeropoint
