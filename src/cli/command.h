// What a subcommand is: a row with its texts and a function that declares its options.
//
// A command is one file and one line in commands.inc. The file defines `Command command_<name>();`.
// define() adds options to the parser and returns the action, which runs after everything parsed.
// Options that every command has (--threads, --json, --quiet, --help) are added by the frame.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "cli/output.h"

namespace CLI {
class App;
}

namespace zeropoint::cli {

using Action = std::function<void(Output& out)>;

struct Command {
  std::string_view name;
  std::string_view summary;      // one line, no full stop
  std::string_view description;  // paragraphs for --help; wrapped by the frame
  std::string_view examples;     // lines that start with "zeropoint"; shown as they are
  Action (*define)(CLI::App& app) = nullptr;

  // Where commands share a name:
  bool (*takes)(std::string_view input) = nullptr;    // whether it is for this input, the first positional argument
  std::string_view with = {};                         // only with this option ...
  std::string_view with_value = {};                   // ... and only where its value starts so
  bool (*prefers)(std::string_view value) = nullptr;  // for an input that no command takes: which values of `with`
  std::string_view without = {};                      // only without this option
};

/// Every command of commands.inc, in that order. Of commands with one name the first runs that takes the input; when
/// none does, the first whose options fit.
std::vector<Command> all_commands();

}  // namespace zeropoint::cli
