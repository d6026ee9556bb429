// A stopwatch for kernels that share their machine with others.
//
// All peers of a comparison run in one process, in turn, round after round; each sample repeats a peer
// until several milliseconds have passed. Only times of the same round are divided by each other, and
// the median of those ratios is reported with its 10 % and 90 % quantiles. Every round also times the
// anchors (arithmetic, reading, copying); a round in which an anchor fell below 0.8 of its own 90 %
// quantile was disturbed and does not count. Nothing here judges absolute time.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace zeropoint::bench {

/// one_thread counts the time that the calling thread ran, so another process's turn does not count.
enum class Clock { one_thread, wall };

struct Options {
  Clock clock = Clock::one_thread;
  int rounds = 21;
  double sample_seconds = 0.005;
};

/// A ratio of two peers over the good rounds of a comparison.
struct Ratio {
  double median = 0;
  double q10 = 0;
  double q90 = 0;
  double best = 0;  // best time over best time
};

/// Peers that do the same work, and their times.
class Comparison {
 public:
  explicit Comparison(std::string title, Options options = {});

  /// `elements` of work per call, for the rate that is printed. The call must use what it computes.
  void add(std::string peer, double elements, std::function<void()> call);

  /// Times everything and prints one line per peer.
  void run();

  double seconds(std::string_view peer) const;                        ///< median per call
  Ratio speedup(std::string_view peer, std::string_view over) const;  ///< time of `over` divided by time of `peer`

 private:
  struct Peer {
    std::string name;
    double elements = 0;
    std::function<void()> call;
    int repeats = 1;
    std::vector<double> seconds = {};  // per call, one per round; only good rounds after run()
  };
  const Peer& find(std::string_view name) const;
  void drop_disturbed_rounds(const std::vector<std::vector<double>>& anchors);
  void print() const;

  std::string title_;
  Options options_;
  std::vector<Peer> peers_;
  int dropped_ = 0;
};

/// What a bar asks, and what came out.
struct Verdict {
  std::string what;
  Ratio got;
  double bar = 0;  // 0: reported only
};

/// The table at the end; true when every bar is met.
bool print(const std::vector<Verdict>& verdicts);

/// Keeps the compiler from dropping a result that nobody reads.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "m"(value) : "memory");
}

}  // namespace zeropoint::bench
