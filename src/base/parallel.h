// Parallel loops over one thread pool: OpenMP's, which Debian's oneDNN uses too.
//
// The work is cut into chunks whose number and borders depend on the problem alone, never on the
// thread count; a reduction keeps one result per chunk and combines them in order. That is why
// every result is the same for 1 and for 64 threads.
#pragma once

#include <omp.h>

#include <cstdint>
#include <exception>
#include <mutex>
#ifdef __SANITIZE_THREAD__
#include <atomic>
#include <thread>
#include <vector>
#endif

namespace zeropoint {

/// Threads that the following loops (and oneDNN) use; 0 means all cores of the process's affinity mask.
void set_num_threads(int threads);
int num_threads();

/// Calls body(i) for i in [0, chunks), in any order, on any thread. The first exception is rethrown.
/// Small loops belong in one chunk: entering a parallel region costs microseconds.
template <class Body>
void parallel_chunks(std::int64_t chunks, Body&& body) {
  if (chunks <= 1 || num_threads() == 1 || omp_in_parallel() != 0) {
    for (std::int64_t i = 0; i < chunks; ++i) body(i);
    return;
  }
  std::exception_ptr error;
  std::mutex error_mutex;
  const auto guarded = [&](std::int64_t i) {
    try {
      body(i);
    } catch (...) {
      const std::lock_guard lock(error_mutex);
      if (!error) error = std::current_exception();
    }
  };
#ifdef __SANITIZE_THREAD__
  // ThreadSanitizer does not see OpenMP's barriers; plain threads show it the same sharing of data.
  std::vector<std::thread> threads;
  std::atomic<std::int64_t> next{0};
  for (int t = 0; t < num_threads(); ++t) {
    threads.emplace_back([&] {
      for (std::int64_t i = next++; i < chunks; i = next++) guarded(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
#else
#pragma omp parallel for schedule(dynamic, 1)
  for (std::int64_t i = 0; i < chunks; ++i) guarded(i);
#endif
  if (error) std::rethrow_exception(error);
}

/// Calls body(begin, end) for consecutive pieces of [0, n) of `grain` elements (the last may be short).
template <class Body>
void parallel_ranges(std::int64_t n, std::int64_t grain, Body&& body) {
  const std::int64_t chunks = (n + grain - 1) / grain;
  parallel_chunks(chunks, [&](std::int64_t i) {
    const std::int64_t begin = i * grain;
    body(begin, begin + grain < n ? begin + grain : n);
  });
}

}  // namespace zeropoint
