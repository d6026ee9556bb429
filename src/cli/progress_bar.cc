#include "cli/progress_bar.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace zeropoint::cli {
namespace {

constexpr int kBarWidth = 25;
constexpr std::string_view kEraseLine = "\r\033[K";

std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace

std::string progress_line(std::string_view label, std::string_view unit, std::int64_t done, std::int64_t total,
                          double seconds) {
  if (total <= 0) return fmt::format("{} {} {}, {}", label, done, unit, duration(seconds));
  done = std::clamp<std::int64_t>(done, 0, total);
  const auto filled = static_cast<int>(done * kBarWidth / total);
  const std::string left =
      done == 0
          ? ""
          : fmt::format(", {} left", duration(seconds / static_cast<double>(done) * static_cast<double>(total - done)));
  return fmt::format("{} [{:#<{}}{:-<{}}] {}/{} {}{}", label, "", filled, "", kBarWidth - filled, done, total, unit,
                     left);
}

ProgressBar::ProgressBar(std::string label, std::string unit) : label_(std::move(label)), unit_(std::move(unit)) {}

void ProgressBar::update(std::int64_t done, std::int64_t total) {
  const Clock::time_point now = Clock::now();
  if (is_drawn_ && now - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = now;
  is_drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  fmt::print(stderr, "{}{}", kEraseLine, progress_line(label_, unit_, done, total, seconds));
  std::fflush(stderr);
}

ProgressBar::~ProgressBar() {
  if (!is_drawn_) return;
  std::fwrite(kEraseLine.data(), 1, kEraseLine.size(), stderr);
  std::fflush(stderr);
}

}  // namespace zeropoint::cli
