// Where a command's words go: results to standard output, everything else to standard error.
//
// With --json the result is one JSON document and nothing else; with --quiet notes, warnings and
// the progress bar are dropped, results stay. Commands print through this class only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/progress.h"

namespace zeropoint::cli {

struct OutputOptions {
  bool json = false;
  bool quiet = false;
};

class Output {
 public:
  explicit Output(OutputOptions options) : options_(options) {}

  bool is_json() const { return options_.json; }

  /// A part of the result for people; dropped with --json. Written as it is: end it with a newline.
  void text(std::string_view text) const;

  /// The result for programs; dropped without --json.
  void json(std::string_view document) const;

  void note(std::string_view message) const;                          ///< stderr: "message"
  void warn(std::string_view where, std::string_view message) const;  ///< stderr: "zeropoint: warning: where: message"

  /// A bar with the time left on stderr, when that is a terminal; erased when the last copy of the
  /// function dies. `label` is a word or two ("calibrating"), `unit` a plural ("samples").
  OnProgress progress(std::string label, std::string unit) const;

 private:
  OutputOptions options_;
};

/// Pushes out what is buffered. Throws io when standard output cannot take it (a full disk).
void flush_output();

/// "zeropoint: error: where: message" on stderr, as one line whatever the text contains.
void print_error(std::string_view where, std::string_view message);

/// Columns of a terminal line: as wide as `zeropoint` allows itself to write.
constexpr std::size_t kLineWidth = 80;

}  // namespace zeropoint::cli
