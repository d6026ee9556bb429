#include "cli/data_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/checks.h"
#include "data/preprocess.h"

namespace zeropoint::cli {
namespace {

constexpr const char* kGroup = "data";

std::string preprocess_text() {
  std::string presets;
  for (const PreprocessPreset& preset : preprocess_presets()) {
    presets += (presets.empty() ? "" : ", ") + std::string(preset.name);
  }
  return fmt::format(
      "what happens to each image or array: a preset ({}), key=value pairs, or both: "
      "channels=rgb|bgr|gray, resize=SHORT|HxW, crop=N|HxW, filter, scale, mean, std, from, layout, input",
      presets);
}

/// What both kinds of arguments have.
struct Fields {
  std::string& path;
  std::string& preprocess;
  std::int64_t& limit;
  std::int64_t& batch;
};

void add_common(CLI::App& app, const Fields& to, DataNeed need) {
  CLI::Option* data =
      app.add_option(
             "--data", to.path,
             ".npy, .npz, .pb, .csv of files and labels, .txt of token ids, an image, a folder of these, a folder "
             "per class, or 'random'")
          ->type_name("PATH")
          ->group(kGroup);
  if (need == DataNeed::required) data->required();
  CLI::Option* const of_data[] = {
      app.add_option("--preprocess", to.preprocess, preprocess_text())->type_name("SPEC")->group(kGroup),
      app.add_option("--limit", to.limit, "use the first N samples only")
          ->type_name("N")
          ->group(kGroup)
          ->check(whole_above_zero),
      app.add_option("--batch", to.batch, "samples per run, where the model allows it; 0 passes arrays as they are")
          ->type_name("N")
          ->group(kGroup)
          ->check(whole_from_zero)
          ->capture_default_str()};
  for (CLI::Option* option : of_data) option->needs(data);
}

}  // namespace

void add_data_options(CLI::App& app, DataSource& to, DataNeed need) {
  add_common(app, {to.path, to.preprocess, to.limit, to.batch}, need);
}

void add_data_options(CLI::App& app, DataArguments& to, DataNeed need) {
  add_common(app, {to.path, to.options.preprocess, to.options.limit, to.options.batch}, need);
  CLI::Option* const data = app.get_option("--data");
  app.add_option("--labels", to.options.labels, "an .npy of class numbers, instead of the data's own labels")
      ->type_name("FILE")
      ->group(kGroup)
      ->needs(data);
  app.add_option("--seed", to.options.seed, "of random data")
      ->type_name("N")
      ->group(kGroup)
      ->needs(data)
      ->capture_default_str();
}

std::unique_ptr<Dataset> open_data(const DataArguments& data, std::span<const ProgramValue> inputs, const Output& out) {
  std::unique_ptr<Dataset> dataset = Dataset::open(data.path, inputs, data.options);
  for (const std::string& warning : dataset->warnings()) out.warn(data.path, warning);
  return dataset;
}

std::unique_ptr<Dataset> open_data(const DataSource& data, std::span<const ProgramValue> inputs, const Output& out) {
  const DataOptions options = {.preprocess = data.preprocess, .limit = data.limit, .batch = data.batch};
  return open_data(DataArguments{data.path, options}, inputs, out);
}

}  // namespace zeropoint::cli
