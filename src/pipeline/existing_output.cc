#include "pipeline/existing_output.h"

#include <nlohmann/json.hpp>
#include <system_error>

#include "base/fail.h"
#include "checkpoint/json_file.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

bool is_quantized_checkpoint(const fs::path& folder) {
  try {
    return read_json(folder / "config.json").contains("quantization_config");
  } catch (const Error&) {  // no such file, or not one of ours
    return false;
  }
}

}  // namespace

OutputFolder::Existing existing_output(const fs::path& output, bool is_forced) {
  if (!is_forced) return OutputFolder::Existing::refuse;
  std::error_code error;
  const bool holds_files = fs::is_directory(output, error) && !fs::is_empty(output, error);
  if (holds_files && !is_quantized_checkpoint(output)) {
    fail(ErrorKind::invalid_option, output.string(),
         "holds no quantized checkpoint, and nothing else is replaced; give the name of a new folder");
  }
  return OutputFolder::Existing::replace;
}

}  // namespace zeropoint
