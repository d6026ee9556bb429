// Nothing that is read is ever overwritten, and no two results go to one file: checked before any work.
//
// Files are compared by what they are, not by their names: links and other spellings of a path are seen through.
#pragma once

#include <filesystem>
#include <span>
#include <string>

namespace zeropoint {

struct ReadPath {
  std::string role;  // as in "'x.npz' is ...": "the input", "what --data reads"
  std::filesystem::path path;
};

struct WrittenPath {
  std::string option;  // "--output"
  std::filesystem::path path;
};

/// Throws invalid_option naming the option when a written path is a file that is read, a file in a folder that is read,
/// a folder around what is read, or another written path. Paths that do not exist are no files to lose.
void require_no_overwrite(std::span<const ReadPath> inputs, std::span<const WrittenPath> outputs);

}  // namespace zeropoint
