// A folder of files that appears whole or not at all.
//
// Files are written into temporary_name(target); commit() gives that folder the target's name in one step. Dropped
// without commit() it removes itself and leaves the target as it was.
#pragma once

#include <filesystem>
#include <utility>

#include "base/staged_names.h"

namespace zeropoint {

class OutputFolder {
 public:
  /// What to do with a target that exists and is not empty. Only a folder of nothing but files is ever replaced.
  enum class Existing { refuse, replace };

  /// Throws invalid_option when the target may not be replaced, io when the place is not writable.
  explicit OutputFolder(const std::filesystem::path& target, Existing existing = Existing::refuse);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  const std::filesystem::path& path() const { return folder_; }  ///< where to write for now

  /// Writes or checks the files: errors name them as they will be called.
  template <class Work>
  decltype(auto) in_final_names(Work&& work) const {
    return zeropoint::in_final_names(folder_, target_, std::forward<Work>(work));
  }

  /// Syncs every file and puts the folder in place; what was there before is gone then. Throws io, and invalid_option
  /// when the target has meanwhile become one that may not be replaced.
  void commit();

 private:
  std::filesystem::path target_;
  Existing existing_;
  std::filesystem::path folder_;
};

}  // namespace zeropoint
