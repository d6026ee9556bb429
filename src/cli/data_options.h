// The options of every command that reads data: --data, --preprocess, --limit, --batch; and, where
// samples are judged or made up, --labels and --seed.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "cli/output.h"
#include "data/dataset.h"
#include "zeropoint/zeropoint.h"

namespace CLI {
class App;
}

namespace zeropoint::cli {

struct DataArguments {
  std::string path;
  DataOptions options;
};

enum class DataNeed { required, optional };

void add_data_options(CLI::App& app, DataSource& to, DataNeed need = DataNeed::required);
void add_data_options(CLI::App& app, DataArguments& to, DataNeed need = DataNeed::required);

/// Opens the data for a model's inputs and prints what it warns of.
std::unique_ptr<Dataset> open_data(const DataArguments& data, std::span<const ProgramValue> inputs, const Output& out);
std::unique_ptr<Dataset> open_data(const DataSource& data, std::span<const ProgramValue> inputs, const Output& out);

}  // namespace zeropoint::cli
