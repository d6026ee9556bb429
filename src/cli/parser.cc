#include "cli/parser.h"

#include <CLI/CLI.hpp>

namespace zeropoint::cli {
namespace {

constexpr int kMaxThreads = 1024;
constexpr const char* kCommonGroup = "common options";

}  // namespace

Parser::~Parser() = default;

Parser::Parser(const Command& command) : app_(std::make_unique<CLI::App>()) {
  app_->set_help_flag("-h,--help", "this text")->group(kCommonGroup);
  app_->option_defaults()->group("options");
  action_ = command.define(*app_);
  app_->option_defaults()->group(kCommonGroup);
  app_->add_option("--threads", common_.threads, "threads to use; 0 is one per core; results do not depend on it")
      ->type_name("N")
      ->check(CLI::Range(0, kMaxThreads))
      ->capture_default_str();
  app_->add_flag("--json", common_.output.json, "print the result as one JSON document");
  app_->add_flag("--quiet", common_.output.quiet, "print results and errors only");
}

}  // namespace zeropoint::cli
