#include "base/overwrite.h"

#include <algorithm>
#include <system_error>

#include "base/fail.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

/// Without links, "." and ".."; what does not exist yet keeps its name.
fs::path resolved(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  fs::path real = fs::weakly_canonical(absolute, error);
  if (error) real = absolute.lexically_normal();
  return real.has_filename() ? real : real.parent_path();
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  const auto [left, right] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return left == folder.end() && right != path.end();
}

void require_apart(const ReadPath& input, const WrittenPath& output) {
  std::error_code ignored;
  if (!fs::exists(input.path, ignored) || !fs::exists(output.path, ignored)) return;
  if (fs::equivalent(input.path, output.path, ignored)) {
    fail(ErrorKind::invalid_option, output.option, "'{}' is {}; it is never overwritten", output.path.string(),
         input.role);
  }
  const fs::path read = resolved(input.path);
  const fs::path written = resolved(output.path);
  if (fs::is_regular_file(output.path, ignored) && lies_in(written, read)) {
    fail(ErrorKind::invalid_option, output.option, "'{}' lies in '{}', {}; no file there is overwritten",
         output.path.string(), input.path.string(), input.role);
  }
  if (lies_in(read, written)) {
    fail(ErrorKind::invalid_option, output.option, "'{}' holds '{}', {}; it is never overwritten", output.path.string(),
         input.path.string(), input.role);
  }
}

}  // namespace

void require_no_overwrite(std::span<const ReadPath> inputs, std::span<const WrittenPath> outputs) {
  for (const WrittenPath& output : outputs) {
    for (const ReadPath& input : inputs) require_apart(input, output);
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      std::error_code ignored;
      if (resolved(outputs[i].path) == resolved(outputs[k].path) ||
          fs::equivalent(outputs[i].path, outputs[k].path, ignored)) {
        fail(ErrorKind::invalid_option, outputs[i].option, "'{}' is where {} goes too", outputs[i].path.string(),
             outputs[k].option);
      }
    }
  }
}

}  // namespace zeropoint
