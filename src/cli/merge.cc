// zeropoint merge: one statistics file from several, as if all data had been seen in one place.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/counted.h"
#include "base/fail.h"
#include "base/json_text.h"
#include "cli/command.h"
#include "observers/statistics.h"
#include "zeropoint/error.h"

namespace zeropoint::cli {
namespace {

struct Options {
  std::vector<std::string> inputs;
  std::string output;
};

/// Parts of one calibration have the same tensors; those of another model do not.
void require_same_tensors(const Statistics& a, const std::string& a_file, const Statistics& b,
                          const std::string& b_file) {
  for (const auto& [name, record] : b.tensors) {
    if (!a.tensors.contains(name)) {
      fail(ErrorKind::invalid_data, b_file, "has the tensor '{}', which {} lacks: only statistics of one model join",
           name, a_file);
    }
  }
}

/// One run joined twice counts twice, which is hardly ever meant.
void warn_of_repeats(const std::vector<std::string>& files, const Output& out) {
  std::set<std::filesystem::path> seen;
  for (const std::string& file : files) {
    if (!seen.insert(std::filesystem::weakly_canonical(file)).second) {
      out.warn(file, "is given more than once: its samples count each time");
    }
  }
}

void merge(const Options& options, const Output& out) {
  Statistics all;
  for (const std::string& input : options.inputs) {
    const Statistics part = Statistics::load(input);
    if (&input != &options.inputs.front()) {
      require_same_tensors(all, options.inputs.front(), part, input);
      require_same_tensors(part, input, all, options.inputs.front());
    }
    try {
      all.merge(part);
    } catch (const Error& e) {
      throw Error(e.kind(), input,
                  fmt::format("tensor '{}': {}, those of {}", e.where(), e.message(), options.inputs.front()));
    }
  }
  all.save(options.output);
  warn_of_repeats(options.inputs, out);
  const nlohmann::ordered_json document = {
      {"files", options.inputs.size()}, {"tensors", all.tensors.size()}, {"samples", all.samples}};
  out.json(json_text(document));
  out.text(fmt::format("{}: {}, {} of {}\n", options.output, counted(all.tensors.size(), "tensor"),
                       counted(all.samples, "sample"), counted(options.inputs.size(), "file")));
}

Action define(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("statistics", options->inputs, "statistics files to join")->required()->type_name("FILE");
  app.add_option("-o,--output", options->output, "the joined statistics file")->required()->type_name("FILE");
  return [options](Output& out) { merge(*options, out); };
}

}  // namespace

Command command_merge() {
  return {
      .name = "merge",
      .summary = "join statistics files of several calibration runs",
      .description =
          "The result is that of one run over all the data, to the last bit, in whatever order and "
          "grouping the files are joined. Only the moving average and the PyTorch histogram are lost: they depend on "
          "the order of the samples, so --observer moving_average and torch_histogram cannot use a joined file.",
      .examples = "zeropoint merge part1.json part2.json -o all.json",
      .define = define,
  };
}

}  // namespace zeropoint::cli
