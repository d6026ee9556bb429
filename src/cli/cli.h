// The command line as a function: parse, run one command, turn every error into one line.
#pragma once

namespace zeropoint::cli {

constexpr int kExitOk = 0;
constexpr int kExitError = 1;          // the model, the data or the system said no
constexpr int kExitUsage = 2;          // the command line asks for something that does not exist
constexpr int kExitInterrupted = 130;  // Ctrl-C: 128 + SIGINT

int run(int argc, char** argv);

}  // namespace zeropoint::cli
