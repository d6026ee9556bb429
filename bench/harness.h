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

/// A ratio of two peers over all good rounds.
struct Ratio {
  double median = 0;
  double q10 = 0;
  double q90 = 0;
  double best = 0;  // best time over best time
};

struct Options {
  int rounds = 15;            // that count; disturbed ones are measured again, at most as many
  double sample_seconds = 0.005;
};

/// Peers that do the same work, and their times.
class Comparison {
 public:
  explicit Comparison(std::string title, Options options = {});

  /// `elements` of work per call, for the rate column.
  void add(std::string peer, double elements, std::function<void()> call);

  void run();

  double seconds(std::string_view peer) const;                                 ///< median per call
  Ratio speedup(std::string_view peer, std::string_view over) const;           ///< time of `over` / time of `peer`
  void print() const;                                                          ///< one line per peer
  const std::string& title() const { return title_; }
  int dropped_rounds() const { return dropped_; }

 private:
  struct Peer {
    std::string name;
    double elements;
    std::function<void()> call;
    int repeats = 1;
    std::vector<double> seconds;  // per call, one per good round
  };
  const Peer& find(std::string_view name) const;

  std::string title_;
  Options options_;
  std::vector<Peer> peers_;
  int dropped_ = 0;
};

/// What a bar asks of a comparison, and what came out; collected for the table at the end.
struct Verdict {
  std::string what;
  Ratio got;
  double bar = 0;  // 0: reported only
};
void print(const std::vector<Verdict>& verdicts);

double median(std::vector<double> values);
double quantile(std::vector<double> values, double q);

}  // namespace zeropoint::bench
