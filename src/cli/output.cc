#include "cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/fail.h"
#include "cli/progress_bar.h"
#include "cli/table.h"

namespace zeropoint::cli {
namespace {

void write_out(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) flush_output();
}

std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';  // file names may hold anything
  }
  return line;
}

std::string message_line(std::string_view severity, std::string_view where, std::string_view message) {
  const std::string place = where.empty() ? "" : one_line(where) + ": ";
  return fmt::format("zeropoint: {}: {}{}\n", severity, place, one_line(message));
}

void write_err(std::string_view text) {
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

void Output::text(std::string_view text) const {
  if (!options_.json) write_out(text);
}

void Output::json(std::string_view document) const {
  if (!options_.json) return;
  write_out(document);
  write_out("\n");
}

void Output::note(std::string_view message) const {
  if (options_.quiet) return;
  const std::string line = one_line(message);
  write_err((::isatty(STDERR_FILENO) != 0 ? wrap(line, 2) : line) + "\n");
}

void Output::warn(std::string_view where, std::string_view message) const {
  if (!options_.quiet) write_err(message_line("warning", where, message));
}

OnProgress Output::progress(std::string label, std::string unit) const {
  if (options_.quiet || ::isatty(STDERR_FILENO) == 0) return nullptr;
  const auto bar = std::make_shared<ProgressBar>(std::move(label), std::move(unit));
  return [bar](std::int64_t done, std::int64_t total) { bar->update(done, total); };
}

void flush_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fail(ErrorKind::io, "standard output", "cannot write: {}", std::strerror(errno));
  }
}

void print_error(std::string_view where, std::string_view message) { write_err(message_line("error", where, message)); }

}  // namespace zeropoint::cli
