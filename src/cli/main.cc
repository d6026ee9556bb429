#include "cli/cli.h"

int main(int argc, char** argv) { return zeropoint::cli::run(argc, argv); }
