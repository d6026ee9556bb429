#include "cli/check_paths.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/atomic_file.h"
#include "base/fail.h"
#include "base/overwrite.h"
#include "frontends/onnx.h"
#include "zeropoint/error.h"

namespace zeropoint::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWritingOptions[] = {"--output", "--save-plan", "--svg"};
constexpr std::string_view kExtensions[] = {".onnx", ".npz", ".npy", ".gguf", ".safetensors", ".json",
                                            ".csv",  ".txt", ".svg", ".jpg",  ".jpeg",        ".png"};
// How help calls what a folder is written to, or may be: the command looks there itself.
constexpr std::string_view kFolders[] = {"FOLDER", "OUTPUT"};

std::string long_name(const CLI::Option& option) {
  return option.get_lnames().empty() ? "" : "--" + option.get_lnames().front();
}

bool is_onnx(const fs::path& path) { return path.extension() == ".onnx"; }

/// Reading the model costs time: only where there is something to lose.
void add_external_files(const std::string& model, std::vector<ReadPath>& inputs) {
  try {
    for (const std::string& file : load_onnx(model).external_files) {
      inputs.push_back({fmt::format("a file of the weights of '{}'", model), file});
    }
  } catch (const Error&) {  // the command says what is wrong with the model
    return;
  }
}

}  // namespace

void check_paths(const CLI::App& app) {
  std::vector<ReadPath> inputs;
  std::vector<WrittenPath> outputs;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = long_name(*option);
    const bool writes = std::ranges::find(kWritingOptions, name) != std::end(kWritingOptions);
    for (const std::string& value : option->results()) {
      if (value.empty() && option->get_positional()) {
        fail(ErrorKind::invalid_option, option->get_type_name(), "is an empty name");
      }
      if (!writes) {
        inputs.push_back({option->get_positional() ? "the input" : fmt::format("what {} reads", name), value});
        continue;
      }
      const bool is_file = std::ranges::find(kFolders, option->get_type_name()) == std::end(kFolders);
      if (is_file) require_writable(value);
      outputs.push_back({name, value});
      if (is_onnx(value)) outputs.push_back({name, value + ".data"});
    }
  }
  const auto exists = [](const WrittenPath& output) {
    std::error_code ignored;
    return fs::exists(output.path, ignored);
  };
  if (std::ranges::any_of(outputs, exists)) {
    const std::vector<ReadPath> named = inputs;
    for (const ReadPath& input : named) {
      if (is_onnx(input.path)) add_external_files(input.path.string(), inputs);
    }
  }
  require_no_overwrite(inputs, outputs);
}

void require_extension(const std::string& output, std::string_view extension) {
  if (!output.ends_with(extension)) {
    fail(ErrorKind::invalid_option, "--output", "'{}' does not end in {}", output, extension);
  }
}

void refuse_other_extension(std::string_view option, const std::string& output, std::string_view own,
                            std::string_view kind) {
  const std::string extension = fs::path(output).extension().string();
  if (extension == own || std::ranges::find(kExtensions, extension) == std::end(kExtensions)) return;
  fail(ErrorKind::invalid_option, std::string(option), "'{}' ends in {}: what is written is {}", output, extension,
       kind);
}

void require_onnx_name(const std::string& output) {
  refuse_other_extension("--output", output, ".onnx", "an ONNX model");
}

void require_folder_name(const std::string& output, std::string_view files) {
  for (const std::string_view extension : {".onnx", ".gguf", ".safetensors"}) {
    if (!output.ends_with(extension)) continue;
    fail(ErrorKind::invalid_option, "--output", "'{}' would be a folder, which is what this format writes; {}", output,
         files);
  }
}

}  // namespace zeropoint::cli
