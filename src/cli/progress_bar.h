// One line on stderr that shows how far long work is and how long it will still take.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace zeropoint::cli {

class ProgressBar {
 public:
  ProgressBar(std::string label, std::string unit);
  ~ProgressBar();  ///< erases the line
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void update(std::int64_t done, std::int64_t total);  ///< draws at most ten times a second

 private:
  using Clock = std::chrono::steady_clock;
  std::string label_;
  std::string unit_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_;
  bool is_drawn_ = false;
};

/// "calibrating [#########----------------]  75/200 samples, 3 s left": `seconds` is the time spent so far.
std::string progress_line(std::string_view label, std::string_view unit, std::int64_t done, std::int64_t total,
                          double seconds);

}  // namespace zeropoint::cli
