// Which of the commands that share a name the arguments are for.
#pragma once

#include <span>
#include <string_view>

#include "cli/command.h"

namespace zeropoint::cli {

/// `arguments` follow the name. Of the commands with this name the first that takes the input, otherwise the first
/// whose options fit; nullptr: there is none of this name.
const Command* find_command(std::span<const Command> commands, std::string_view name, std::span<char* const> arguments);

/// Of the other commands with `command`'s name one that has `option`, rather one that takes the same input; nullptr:
/// there is none.
const Command* namesake_with(std::span<const Command> commands, const Command& command, std::string_view option,
                             std::span<char* const> arguments);

}  // namespace zeropoint::cli
