// From one quantized checkpoint to another file that says the same: codes, scales and zero points are carried.
#include "pipeline/convert_checkpoint.h"

#include <vector>

#include "base/nearest.h"
#include "zeropoint/error.h"

namespace zeropoint {

CheckpointReport convert_checkpoint(const std::filesystem::path& input, const std::filesystem::path& output,
                                    const ConvertJob& job) {
  const auto onnx = find_onnx_weight_form(job.format);
  const Format* format = find_format(job.format);
  const bool is_gguf = job.format == "gguf";
  if (!job.tokenizer.empty() && !is_gguf) {
    throw Error(ErrorKind::invalid_option, "--tokenizer", "is for --format gguf");
  }
  if (!onnx && !is_gguf && format == nullptr) {
    std::vector<std::string_view> names;
    for (const Format& known : all_formats()) names.push_back(known.name);
    names.insert(names.end(), {"onnx", "matmulnbits", "gguf"});
    throw Error(ErrorKind::invalid_option, "--format", unknown_word("format", job.format, names));
  }
  const CodedCheckpoint from(input, output);
  if (is_gguf) return convert_to_gguf(from, output, job);
  return onnx ? convert_to_onnx(from, *onnx, output, job) : convert_to_safetensors(from, *format, output, job);
}

}  // namespace zeropoint
