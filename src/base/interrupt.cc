#include "base/interrupt.h"

#include <csignal>

#include "base/fail.h"

namespace zeropoint {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void on_signal(int number) {
  interrupted = 1;
  std::signal(number, SIG_DFL);
}

}  // namespace

void install_interrupt_handler() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGXFSZ, SIG_IGN);  // a file beyond the user's limit: write() fails instead
}

void check_interrupt() {
  if (interrupted != 0) fail(ErrorKind::interrupted, "", "interrupted; nothing was written");
}

}  // namespace zeropoint
