#include "cli/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "base/nearest.h"
#include "base/parallel.h"
#include "cli/command.h"
#include "cli/help.h"
#include "zeropoint/error.h"

namespace zeropoint::cli {

#define ZP_COMMAND(name) Command command_##name();
#include "cli/commands.inc"
#undef ZP_COMMAND

std::vector<Command> all_commands() {
  return {
#define ZP_COMMAND(name) command_##name(),
#include "cli/commands.inc"
#undef ZP_COMMAND
  };
}

namespace {

constexpr int kMaxThreads = 1024;
constexpr const char* kCommonGroup = "common options";

struct Common {
  int threads = 0;
  OutputOptions output;
};

std::unique_ptr<CLI::App> make_app(const Command& command, Common& common, Action& action) {
  auto app = std::make_unique<CLI::App>();
  app->set_help_flag("-h,--help", "this text")->group(kCommonGroup);
  app->option_defaults()->group("options");
  action = command.define(*app);
  app->option_defaults()->group(kCommonGroup);
  app->add_option("--threads", common.threads, "threads to use; 0 is one per core; results do not depend on it")
      ->type_name("N")
      ->check(CLI::Range(0, kMaxThreads))
      ->capture_default_str();
  app->add_flag("--json", common.output.json, "print the result as one JSON document");
  app->add_flag("--quiet", common.output.quiet, "print results and errors only");
  return app;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// What is wrong with the command line: an option that does not exist explains more than what it left missing.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  for (const std::string& extra : app.remaining()) {
    if (extra.size() < 2 || extra[0] != '-') continue;
    const std::string word = extra.substr(0, extra.find('='));
    const std::vector<std::string> names = option_names(app);
    const std::vector<std::string_view> views(names.begin(), names.end());
    const std::string_view near = nearest(word, views);
    return fmt::format("unknown option '{}'{}", word, near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
  }
  if (const auto extras = app.remaining(); !extras.empty()) return fmt::format("unexpected argument '{}'", extras[0]);
  return error.what();
}

int fail_usage(std::string_view where, std::string_view message, std::string_view help) {
  print_error(where, fmt::format("{} (see {})", message, help));
  return kExitUsage;
}

int run_command(const Command& command, int argc, char** argv) {
  Common common;
  Action action;
  const std::unique_ptr<CLI::App> app = make_app(command, common, action);
  try {
    app->parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    Output({}).text(command_help(*app, command));
    flush_output();
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    return fail_usage(command.name, usage_message(*app, error), fmt::format("zeropoint {} --help", command.name));
  }
  set_num_threads(common.threads);
  Output out(common.output);
  action(out);
  flush_output();
  return kExitOk;
}

bool has_option(std::span<char*> arguments, std::string_view option) {
  return std::any_of(arguments.begin(), arguments.end(), [&](std::string_view argument) {
    return argument == option || (argument.starts_with(option) && argument.substr(option.size()).starts_with('='));
  });
}

bool takes(const Command& command, std::span<char*> arguments) {
  if (command.takes == nullptr || !std::any_of(arguments.begin(), arguments.end(), command.takes)) return false;
  if (!command.with.empty() && !has_option(arguments, command.with)) return false;
  return command.without.empty() || !has_option(arguments, command.without);
}

/// Of the commands with this name the first that takes the arguments, otherwise the first; nullptr: none.
const Command* find_command(std::span<const Command> commands, std::string_view name, std::span<char*> arguments) {
  const Command* first = nullptr;
  for (const Command& command : commands) {
    if (command.name != name) continue;
    if (first == nullptr) first = &command;
    if (takes(command, arguments)) return &command;
  }
  return first;
}

int dispatch(int argc, char** argv) {
  const std::vector<Command> commands = all_commands();
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word == "--version") {
    Output({}).text("zeropoint " ZEROPOINT_VERSION "\n");
    flush_output();
    return kExitOk;
  }
  if (word == "--help" || word == "-h" || word == "help") {
    Output({}).text(overview(commands));
    flush_output();
    return kExitOk;
  }
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  if (const Command* command = find_command(commands, word, arguments))
    return run_command(*command, argc - 1, argv + 1);
  std::vector<std::string_view> names;
  for (const Command& command : commands) {
    if (names.empty() || names.back() != command.name) names.push_back(command.name);
  }
  if (word.empty()) return fail_usage("", "a command is wanted", "zeropoint --help");
  return fail_usage("", unknown_word("command", word, names), "zeropoint --help");
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::interrupted:
      return kExitInterrupted;
    case ErrorKind::invalid_option:
      return kExitUsage;
    default:
      return kExitError;
  }
}

}  // namespace

int run(int argc, char** argv) {
  install_interrupt_handler();
  try {
    return dispatch(argc, argv);
  } catch (const Error& error) {
    print_error(error.where(), error.message());
    return exit_code(error.kind());
  } catch (const std::bad_alloc&) {
    print_error("memory", "the system has no more of it");
  } catch (const std::exception& error) {
    print_error("internal", error.what());
  }
  return kExitError;
}

}  // namespace zeropoint::cli
