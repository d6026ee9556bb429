#include "cli/cli.h"
#include "cli/wait_policy.h"

int main(int argc, char** argv) {
  zeropoint::cli::wait_politely(argv);
  return zeropoint::cli::run(argc, argv);
}
