// What an interrupted GPTQ run had finished: a folder with one file per weight and a list of them.
//
// The list begins with the run's fingerprint (methods/gptq_fingerprint.h). A folder of another run is not used, and is
// replaced. Files appear whole or not at all, the list after the file that it names; a damaged file counts as missing.
// A resumed run has the bytes of an uninterrupted one.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "methods/gptq_model.h"

namespace zeropoint {

struct FinishedWeight {
  QuantizedMatrix matrix;
  GptqWeightReport report;
};

class GptqJournal {
 public:
  /// Makes the folder when it is not there. Throws io, also when something that is no journal has its name.
  GptqJournal(std::filesystem::path folder, std::string fingerprint);

  enum class Found { nothing, this_run, another_run };
  Found found() const { return found_; }                    ///< what was there
  std::size_t finished() const { return entries_.size(); }  ///< weights, those of the earlier run included

  std::optional<FinishedWeight> find(const std::string& weight) const;  ///< nullopt: not there, or damaged
  void add(const FinishedWeight& weight);

  void remove();  ///< The folder and all in it: the run is complete.

  /// For a handler of what ended the run early, which is thrown again. A journal of nothing is removed; of one that
  /// holds weights, an interruption tells.
  [[noreturn]] void give_up();

 private:
  struct Entry {
    std::string file;
    std::string checksum;
    GptqWeightReport report;
    MatrixScheme scheme;
  };

  void read_list();
  void write_list() const;

  std::filesystem::path folder_;
  std::string fingerprint_;
  Found found_ = Found::nothing;
  std::vector<std::string> order_;  // names, as they were finished
  std::map<std::string, Entry> entries_;
};

}  // namespace zeropoint
