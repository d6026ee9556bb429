// A command's options and those that every command has, ready to parse a command line.
#pragma once

#include <memory>

#include "cli/command.h"
#include "cli/output.h"

namespace CLI {
class App;
}

namespace zeropoint::cli {

struct CommonOptions {
  int threads = 0;
  OutputOptions output;
};

class Parser {
 public:
  explicit Parser(const Command& command);
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  CLI::App& app() { return *app_; }
  const CommonOptions& common() const { return common_; }
  const Action& action() const { return action_; }  ///< to be run after app().parse()

 private:
  std::unique_ptr<CLI::App> app_;
  CommonOptions common_;
  Action action_;
};

}  // namespace zeropoint::cli
