#include "cli/find_command.h"

#include <CLI/CLI.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/parser.h"

namespace zeropoint::cli {
namespace {

/// What the command line gives `option`: its value, "" where it is a flag or has none, nullopt without the option.
std::optional<std::string_view> value_of(std::span<char* const> arguments, std::string_view option) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == option) return i + 1 < arguments.size() ? arguments[i + 1] : "";
    if (argument.starts_with(option) && argument[option.size()] == '=') return argument.substr(option.size() + 1);
  }
  return std::nullopt;
}

bool options_fit(const Command& command, std::span<char* const> arguments) {
  if (!command.without.empty() && value_of(arguments, command.without)) return false;
  if (command.with.empty()) return true;
  const std::optional<std::string_view> value = value_of(arguments, command.with);
  return value && value->starts_with(command.with_value);
}

bool prefers(const Command& command, std::span<char* const> arguments) {
  return command.prefers == nullptr || command.prefers(value_of(arguments, command.with).value_or(""));
}

/// The first argument that is neither an option nor an option's value; empty: none. An option takes a value in one
/// command if it does in another of the same name.
std::string_view input_of(std::span<const Command* const> commands, std::span<char* const> arguments) {
  std::set<std::string> with_value;
  for (const Command* command : commands) {
    Parser parser(*command);
    for (const CLI::Option* option : parser.app().get_options()) {
      if (option->get_items_expected_max() == 0) continue;
      for (const std::string& name : option->get_lnames()) with_value.insert("--" + name);
      for (const std::string& name : option->get_snames()) with_value.insert("-" + name);
    }
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (!argument.starts_with('-')) return argument;
    if (with_value.contains(std::string(argument))) ++i;
  }
  return {};
}

}  // namespace

const Command* find_command(std::span<const Command> commands, std::string_view name,
                            std::span<char* const> arguments) {
  std::vector<const Command*> namesakes;
  for (const Command& command : commands) {
    if (command.name == name) namesakes.push_back(&command);
  }
  if (namesakes.size() <= 1) return namesakes.empty() ? nullptr : namesakes.front();
  const std::string_view input = input_of(namesakes, arguments);
  const Command* fitting = nullptr;
  for (const Command* command : namesakes) {
    if (!options_fit(*command, arguments)) continue;
    if (command->takes != nullptr && command->takes(input)) return command;
    if (fitting == nullptr && prefers(*command, arguments)) fitting = command;
  }
  return fitting != nullptr ? fitting : namesakes.front();
}

const Command* namesake_with(std::span<const Command> commands, const Command& command, std::string_view option,
                             std::span<char* const> arguments) {
  std::vector<const Command*> namesakes;
  for (const Command& other : commands) {
    if (other.name == command.name) namesakes.push_back(&other);
  }
  const std::string_view input = input_of(namesakes, arguments);
  const Command* found = nullptr;
  for (const Command* other : namesakes) {
    if (Parser(*other).app().get_option_no_throw(std::string(option)) == nullptr) continue;
    if (other->takes != nullptr && other->takes(input)) return other;
    if (found == nullptr) found = other;
  }
  return found;
}

}  // namespace zeropoint::cli
