#include "cli/importance.h"

#include "architectures/architecture.h"
#include "pipeline/copy_tensor.h"

namespace zeropoint::cli {

ObservedImportance importance_from(const Checkpoint& checkpoint, const DataSource& data, const Output& out) {
  const Architecture& architecture = find_architecture(checkpoint);
  for (const WeightPlace& place : architecture.weights(checkpoint)) {
    require_finite(checkpoint, *checkpoint.weights->find(place.name));  // before the model has run
  }
  const Model model = architecture.build(checkpoint);
  const std::unique_ptr<Dataset> dataset = open_data(data, declared_inputs(model.graph), out);
  return observe_importance(model, *dataset, out.progress("calibrating", "samples"));
}

}  // namespace zeropoint::cli
