#include "base/parallel.h"

#include <sched.h>

namespace zeropoint {
namespace {

int available_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  const int cores = CPU_COUNT(&set);
  return cores > 0 ? cores : 1;
}

}  // namespace

void set_num_threads(int threads) { omp_set_num_threads(threads > 0 ? threads : available_cores()); }

int num_threads() { return omp_get_max_threads(); }

}  // namespace zeropoint
