#include "cli/parser.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <string>

namespace zeropoint::cli {
namespace {

constexpr int kMaxThreads = 1024;
constexpr const char* kCommonGroup = "common options";

std::string thread_count(const std::string& text) {
  int count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  const bool is_good = error == std::errc() && stop == end && count >= 0 && count <= kMaxThreads;
  return is_good ? "" : fmt::format("'{}' is not a whole number from 0 to {}", text, kMaxThreads);
}

}  // namespace

Parser::~Parser() = default;

Parser::Parser(const Command& command) : app_(std::make_unique<CLI::App>()) {
  app_->set_help_flag("-h,--help", "this text")->group(kCommonGroup);
  app_->option_defaults()->group("options");
  action_ = command.define(*app_);
  app_->option_defaults()->group(kCommonGroup);
  app_->add_option("--threads", common_.threads, "threads to use; 0 is one per core; results do not depend on it")
      ->type_name("N")
      ->check(thread_count)
      ->capture_default_str();
  app_->add_flag("--json", common_.output.json, "print the result as one JSON document");
  app_->add_flag("--quiet", common_.output.quiet, "print results and errors only");
}

}  // namespace zeropoint::cli
