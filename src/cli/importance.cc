#include "cli/importance.h"

#include "architectures/architecture.h"

namespace zeropoint::cli {

ObservedImportance importance_from(const Checkpoint& checkpoint, const DataSource& data, const Output& out) {
  const Model model = find_architecture(checkpoint).build(checkpoint);
  const std::unique_ptr<Dataset> dataset = open_data(data, declared_inputs(model.graph), out);
  return observe_importance(model, *dataset, out.progress("calibrating", "samples"));
}

}  // namespace zeropoint::cli
