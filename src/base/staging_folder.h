// A place beside the target for files that are checked before they appear.
//
// Files are written into a folder temporary_name(target) under their final names, so that a model
// finds its external data there; commit() renames them into the target's folder. Dropped without
// commit() it removes itself and leaves the target as it was.
#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>

#include "base/staged_names.h"

namespace zeropoint {

class StagingFolder {
 public:
  /// Throws io when the target's folder does not exist or is not writable.
  explicit StagingFolder(std::filesystem::path target);
  ~StagingFolder();
  StagingFolder(const StagingFolder&) = delete;
  StagingFolder& operator=(const StagingFolder&) = delete;

  /// Where to write the target for now.
  std::filesystem::path file() const { return folder_ / target_.filename(); }

  std::uintmax_t bytes() const;  ///< Of all files that were written.

  /// Writes or checks the files: errors name them as they will be called.
  template <class Work>
  decltype(auto) in_final_names(Work&& work) const {
    return zeropoint::in_final_names(folder_, target_.parent_path(), std::forward<Work>(work));
  }

  /// Renames every file to its final place, the target last: what it refers to is there before it. Throws io.
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path folder_;
};

}  // namespace zeropoint
