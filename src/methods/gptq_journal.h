// What an interrupted GPTQ run had finished: a folder with one file per weight and a list of them.
//
// The list begins with the run's fingerprint (methods/gptq_fingerprint.h). What another run had finished is neither
// used nor lost: it is refused unless the caller wants it replaced. Files appear whole or not at all, the list after
// the file that it names; a damaged file counts as missing. A resumed run has the bytes of an uninterrupted one.
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
  /// What to do with a journal that holds weights of a run with another fingerprint.
  enum class OtherRun { refuse, replace };

  /// Makes the folder when it is not there. Throws invalid_option for another run's, io when something that is no
  /// journal has its name.
  GptqJournal(std::filesystem::path folder, std::string fingerprint, OtherRun other_run = OtherRun::refuse);

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

  bool read_list(OtherRun other_run);
  void write_list() const;

  std::filesystem::path folder_;
  std::string fingerprint_;
  std::vector<std::string> order_;  // names, as they were finished
  std::map<std::string, Entry> entries_;
};

}  // namespace zeropoint
