// A checkpoint as a GGUF file: llama.cpp's names, order of rows, metadata and tokenizer, each weight in the format that
// a recipe gives it.
//
// Weights are read, quantized and written a piece at a time: memory is that of a few megabytes of rows, beside what a
// store that decodes needs for one tensor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "checkpoint/checkpoint.h"
#include "exporters/gguf_writer.h"
#include "methods/gguf_recipes.h"
#include "methods/importance.h"

namespace zeropoint {

struct GgufOptions {
  std::string mix = "Q4_K_M";
  std::filesystem::path tokenizer;         // empty: the checkpoint's own; "none": no vocabulary
  const Importance* importance = nullptr;  // null: all columns matter alike

  /// The bytes of a row's tensor where they are known already; none where it is to be quantized from floats.
  std::function<std::vector<std::byte>(const struct GgufPlanRow&)> known_bytes;
};

/// One tensor of the file and where it comes from.
struct GgufPlanRow {
  std::string source;  // in the checkpoint; empty for rotary factors, which are made from config.json
  GgufTensorSpec tensor;
  kernels::GgmlType wanted = kernels::GgmlType::f32;  // by the recipe
  std::string reason;                                 // why it is not the wanted one; empty when it is
};

struct GgufPlan {
  std::vector<GgufField> fields;
  std::vector<GgufPlanRow> rows;
  std::vector<std::string> notes;  // a sentence each: tensors left out, a tokenizer's rule that is not known
  std::uint64_t file_bytes = 0;
  double bits_per_weight = 0;
};

/// Decides everything and reads no elements. Throws invalid_option (the mix), unsupported (the architecture, a tensor
/// that GGUF has no name for), invalid_data (missing weights, an importance of the wrong length), invalid_option (no
/// tokenizer), each naming the checkpoint.
GgufPlan plan_gguf(const Checkpoint& checkpoint, const GgufOptions& options);

/// Throws invalid_option where `path` is the checkpoint itself, io where no file can be written: to be asked before
/// long work.
void check_gguf_target(const Checkpoint& checkpoint, const std::filesystem::path& path);

/// Writes the file that was planned. `on_progress` counts bytes of elements read. Throws io, and invalid_data naming
/// the tensor and the place of a value that is not finite or that float16 cannot hold; `path` is as it was then. Throws
/// what check_gguf_target() throws.
void write_gguf(const Checkpoint& checkpoint, const GgufPlan& plan, const GgufOptions& options,
                const std::filesystem::path& path, const OnProgress& on_progress = {});

}  // namespace zeropoint
