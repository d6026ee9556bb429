#include "cli/help.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/table.h"

namespace zeropoint::cli {
namespace {

constexpr std::size_t kTextColumn = 26;

/// "  --data PATH             what it is", continuation lines under the text.
std::string entry(const std::string& head, const std::string& text) {
  std::string line = "  " + head;
  if (line.size() + 2 > kTextColumn) {
    line += "\n" + std::string(kTextColumn, ' ');
  } else {
    line.resize(kTextColumn, ' ');
  }
  return line + wrap(text, kTextColumn) + "\n";
}

/// The placeholder without what validators append to it: "N" of "N:INT in [0 - 1024]".
std::string placeholder(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

/// "-o, --output FILE" or "--per-tensor".
std::string head_of(const CLI::Option& option) {
  std::string names;
  for (const auto& name : option.get_snames()) names += (names.empty() ? "-" : ", -") + name;
  for (const auto& name : option.get_lnames()) names += (names.empty() ? "--" : ", --") + name;
  const bool takes_value = option.get_items_expected_max() > 0;
  return takes_value ? fmt::format("{} {}", names, placeholder(option)) : names;
}

std::string text_of(const CLI::Option& option) {
  std::string text = option.get_description();
  if (!option.get_default_str().empty()) text += fmt::format(" (default: {})", option.get_default_str());
  if (option.nonpositional() && option.get_required()) text += " (required)";
  return text;
}

std::string usage(const CLI::App& app, const Command& command) {
  std::string line = fmt::format("usage: zeropoint {} [options]", command.name);
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) continue;
    std::string name = placeholder(*option);
    if (option->get_items_expected_max() > 1) name += "...";
    line += option->get_required() ? " " + name : fmt::format(" [{}]", name);
  }
  return line + "\n";
}

}  // namespace

std::string overview(std::span<const Command> commands) {
  std::string out =
      "zeropoint quantizes neural networks: float model and calibration data in,\n"
      "verified integer model out.\n\n"
      "usage: zeropoint COMMAND [options]\n\ncommands:\n";
  for (const Command& command : commands) out += entry(std::string(command.name), std::string(command.summary));
  out += "\n";
  out += entry("COMMAND --help", "options of a command, with examples");
  out += entry("--version", "the version");
  return out;
}

std::string command_help(const CLI::App& app, const Command& command) {
  std::string out = fmt::format("{}\n\n", wrap(fmt::format("zeropoint {}: {}", command.name, command.summary), 0));
  out += usage(app, command);
  if (!command.description.empty()) out += "\n" + wrap(command.description, 0) + "\n";

  std::string positionals;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) positionals += entry(placeholder(*option), text_of(*option));
  }
  if (!positionals.empty()) out += "\n" + positionals;

  std::vector<std::string> groups = app.get_groups();
  std::rotate(groups.begin(), groups.begin() + 1, groups.end());  // --help comes first in declaration, last in print
  for (const std::string& group : groups) {
    std::string options;
    for (const CLI::Option* option : app.get_options()) {
      if (option->nonpositional() && option->get_group() == group) options += entry(head_of(*option), text_of(*option));
    }
    if (options.empty() || group.empty()) continue;
    out += fmt::format("\n{}:\n{}", group, options);
  }
  if (!command.examples.empty()) {
    out += "\nexamples:\n";
    std::string_view rest = command.examples;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      out += fmt::format("  {}\n", rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return out;
}

}  // namespace zeropoint::cli
