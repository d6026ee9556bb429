#include "harness/harness.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>
#include <stdexcept>

#include "harness/anchors.h"

namespace zeropoint::bench {
namespace {

constexpr std::size_t kAnchorBytes = std::size_t{16} << 20;  // beyond the second-level cache
constexpr double kDisturbed = 0.8;

double now(Clock clock) {
  timespec t{};
  clock_gettime(clock == Clock::wall ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const auto above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - std::floor(at)) * (values[above] - values[below]);
}

double time_calls(const std::function<void()>& call, int repeats, Clock clock) {
  const double begin = now(clock);
  for (int i = 0; i < repeats; ++i) call();
  return (now(clock) - begin) / repeats;
}

std::vector<std::function<void()>> anchor_calls() {
  static std::vector<char> from(kAnchorBytes + 64, 1);
  static std::vector<char> to(kAnchorBytes + 64, 2);
  const auto aligned = [](char* p) { return p + (0 - reinterpret_cast<std::uintptr_t>(p)) % 64; };
  char* const source = aligned(from.data());
  char* const target = aligned(to.data());
  return {[] { keep(fma_loop(100'000)); }, [] { keep(vnni_loop(100'000)); },
          [=] { keep(read_all(source, kAnchorBytes)); },
          [=] {
            std::memcpy(target, source, kAnchorBytes);
            keep(*target);
          },
          [=] { copy_streaming(target, source, kAnchorBytes); }};
}

}  // namespace

Comparison::Comparison(std::string title, Options options) : title_(std::move(title)), options_(options) {}

void Comparison::add(std::string peer, double elements, std::function<void()> call) {
  peers_.push_back({.name = std::move(peer), .elements = elements, .call = std::move(call)});
}

void Comparison::run() {
  const std::vector<std::function<void()>> anchors = anchor_calls();
  std::vector<std::vector<double>> anchor_speeds(anchors.size());
  for (Peer& peer : peers_) {
    peer.call();
    const double once = std::max(time_calls(peer.call, 3, options_.clock), 1e-9);
    peer.repeats = std::max(1, static_cast<int>(options_.sample_seconds / once));
  }
  for (int round = 0; round < options_.rounds; ++round) {
    for (std::size_t i = 0; i < anchors.size(); ++i)
      anchor_speeds[i].push_back(1.0 / time_calls(anchors[i], 1, options_.clock));
    for (Peer& peer : peers_) peer.seconds.push_back(time_calls(peer.call, peer.repeats, options_.clock));
  }
  drop_disturbed_rounds(anchor_speeds);
  print();
}

void Comparison::drop_disturbed_rounds(const std::vector<std::vector<double>>& anchors) {
  std::vector<bool> good(static_cast<std::size_t>(options_.rounds), true);
  for (const std::vector<double>& speeds : anchors) {
    const double least = kDisturbed * quantile(speeds, 0.9);
    for (std::size_t round = 0; round < speeds.size(); ++round) good[round] = good[round] && speeds[round] >= least;
  }
  const auto kept = std::count(good.begin(), good.end(), true);
  if (kept < (options_.rounds + 2) / 3) return;  // disturbed throughout: all rounds are as good as each other
  dropped_ = options_.rounds - static_cast<int>(kept);
  for (Peer& peer : peers_) {
    std::vector<double> seconds;
    for (std::size_t round = 0; round < good.size(); ++round) {
      if (good[round]) seconds.push_back(peer.seconds[round]);
    }
    peer.seconds = std::move(seconds);
  }
}

const Comparison::Peer& Comparison::find(std::string_view name) const {
  const auto at = std::find_if(peers_.begin(), peers_.end(), [&](const Peer& p) { return p.name == name; });
  if (at == peers_.end()) throw std::invalid_argument(fmt::format("{}: no peer '{}'", title_, name));
  return *at;
}

double Comparison::seconds(std::string_view peer) const { return quantile(find(peer).seconds, 0.5); }

Ratio Comparison::speedup(std::string_view peer, std::string_view over) const {
  const std::vector<double>& mine = find(peer).seconds;
  const std::vector<double>& theirs = find(over).seconds;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < mine.size(); ++i) ratios.push_back(theirs[i] / mine[i]);
  const double best = *std::min_element(theirs.begin(), theirs.end()) / *std::min_element(mine.begin(), mine.end());
  return {quantile(ratios, 0.5), quantile(ratios, 0.1), quantile(ratios, 0.9), best};
}

void Comparison::print() const {
  fmt::print("{}{}\n", title_, dropped_ > 0 ? fmt::format("  ({} disturbed rounds left out)", dropped_) : "");
  for (const Peer& peer : peers_) {
    const double seconds = quantile(peer.seconds, 0.5);
    fmt::print("  {:<44} {:>10.2f} us  {:>8.2f} G/s\n", peer.name, seconds * 1e6, peer.elements / seconds * 1e-9);
  }
  std::fflush(stdout);
}

bool print(const std::vector<Verdict>& verdicts) {
  bool all_met = true;
  fmt::print("\n{:<62} {:>7} {:>15} {:>6} {:>6}\n", "ratio", "median", "q10 - q90", "best", "bar");
  for (const Verdict& v : verdicts) {
    const bool met = v.got.median >= v.bar;
    all_met = all_met && met;
    const std::string bar = v.bar == 0 ? "" : fmt::format("{:.2f}", v.bar);
    fmt::print("{:<62} {:>7.2f} {:>6.2f} - {:>6.2f} {:>6.2f} {:>6} {}\n", v.what, v.got.median, v.got.q10, v.got.q90,
               v.got.best, bar, met ? "" : "BELOW");
  }
  return all_met;
}

}  // namespace zeropoint::bench
