#include "cli/wait_policy.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace zeropoint::cli {
namespace {

constexpr const char* kPolicy = "OMP_WAIT_POLICY";
constexpr double kBusyShare = 0.75;  // of the cores, over the last minute

}  // namespace

bool is_busy(std::string_view loadavg, int cores) {
  double last_minute = 0;
  int running = 0;  // this program among them
  const std::string text(loadavg);
  if (std::sscanf(text.c_str(), "%lf %*f %*f %d/", &last_minute, &running) != 2) return false;
  return running > cores || last_minute > kBusyShare * cores;
}

void wait_politely(char** argv) {
  if (std::getenv(kPolicy) != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  std::string loadavg;
  if (!std::getline(std::ifstream("/proc/loadavg"), loadavg)) return;
  if (!is_busy(loadavg, static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)))) return;
  setenv(kPolicy, "passive", 1);
  execv("/proc/self/exe", argv);  // returns when it cannot: then the threads spin
}

}  // namespace zeropoint::cli
