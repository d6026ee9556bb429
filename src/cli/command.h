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
  bool (*takes)(std::string_view argument) = nullptr;  // which inputs it is for, where commands share a name; null: any
  std::string_view with = {};                          // and only with this option
  std::string_view without = {};                       // and only without this one
};

/// Every command of commands.inc, in that order. Of commands with one name the first that takes one of the arguments
/// runs, or simply the first when none does.
std::vector<Command> all_commands();

}  // namespace zeropoint::cli
