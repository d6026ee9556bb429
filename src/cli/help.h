// The text of --help, 80 columns wide.
#pragma once

#include <span>
#include <string>

#include "cli/command.h"

namespace zeropoint::cli {

/// `zeropoint --help`: what the program does and its commands.
std::string overview(std::span<const Command> commands);

/// `zeropoint <command> --help`: usage, description, options by group, examples.
std::string command_help(const CLI::App& app, const Command& command);

}  // namespace zeropoint::cli
