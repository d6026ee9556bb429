#include "cli/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "base/nearest.h"
#include "base/parallel.h"
#include "cli/check_paths.h"
#include "cli/command.h"
#include "cli/find_command.h"
#include "cli/help.h"
#include "cli/parser.h"
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

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// The first argument that is wanted and missing, as help calls it; empty: none.
std::string missing_positional(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() && option->get_required() && option->count() == 0) return option->get_type_name();
  }
  return "";
}

/// "--scales: '1,a' is no number" of the parser's "Could not convert: --scales = 1,a".
std::string conversion_message(std::string_view text) {
  const std::size_t colon = text.find(": ");
  const std::size_t equals = text.find(" = ");
  if (colon == std::string_view::npos || equals == std::string_view::npos) return std::string(text);
  const std::string_view value = text.substr(equals + 3);
  return fmt::format("{}: '{}' {}", text.substr(colon + 2, equals - colon - 2), value,
                     value.find(',') == std::string_view::npos ? "is no number" : "is no list of numbers");
}

/// What is wrong with the command line: an option that does not exist explains more than what it left missing.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error, const Command& command,
                          std::span<char* const> arguments) {
  for (const std::string& extra : app.remaining()) {
    if (extra.size() < 2 || extra[0] != '-') continue;
    const std::string word = extra.substr(0, extra.find('='));
    const std::vector<Command> commands = all_commands();
    if (const Command* other = namesake_with(commands, command, word, arguments)) {
      return fmt::format("{} has no use here; it belongs to another {}: {}", word, command.name, other->summary);
    }
    const std::vector<std::string> names = option_names(app);
    const std::vector<std::string_view> views(names.begin(), names.end());
    const std::string_view near = nearest(word, views);
    return fmt::format("unknown option '{}'{}", word, near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
  }
  if (const auto extras = app.remaining(); !extras.empty()) return fmt::format("unexpected argument '{}'", extras[0]);
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) return conversion_message(error.what());
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    if (const std::string name = missing_positional(app); !name.empty()) return name + " is required";
  }
  return error.what();
}

int fail_usage(std::string_view where, std::string_view message, std::string_view help) {
  print_error(where, fmt::format("{} (see {})", message, help));
  return kExitUsage;
}

int run_command(const Command& command, int argc, char** argv) {
  Parser parser(command);
  try {
    parser.app().parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    Output({}).text(command_help(parser.app(), command));
    flush_output();
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    return fail_usage(command.name,
                      usage_message(parser.app(), error, command, {argv + 1, static_cast<std::size_t>(argc - 1)}),
                      fmt::format("zeropoint {} --help", command.name));
  }
  check_paths(parser.app());
  set_num_threads(parser.common().threads);
  Output out(parser.common().output);
  parser.action()(out);
  flush_output();
  return kExitOk;
}

int dispatch(int argc, char** argv) {
  const std::vector<Command> commands = all_commands();
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word == "--version" || word == "version") {
    Output({}).text("zeropoint " ZEROPOINT_VERSION "\n");
    flush_output();
    return kExitOk;
  }
  if (word == "help" && argc > 2) {  // "help quantize" is "quantize --help"
    std::string help = "--help";
    std::vector<char*> turned = {argv[0], argv[2], help.data(), nullptr};
    return dispatch(3, turned.data());
  }
  if (word == "--help" || word == "-h" || word == "help") {
    Output({}).text(overview(commands));
    flush_output();
    return kExitOk;
  }
  if (argc > 1) {
    const std::span<char* const> arguments(argv + 2, static_cast<std::size_t>(argc - 2));
    if (const Command* command = find_command(commands, word, arguments)) {
      return run_command(*command, argc - 1, argv + 1);
    }
  }
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
