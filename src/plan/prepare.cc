#include "plan/prepare.h"

#include <algorithm>

#include "passes/fold_bias.h"
#include "passes/passes.h"
#include "passes/unshare_biases.h"

namespace zeropoint {

Model prepare_model(Model model) {
  inline_functions(model);
  upgrade_opset(model, std::max(model.opset(), kQdqOpset));
  fold_constants(model);
  remove_identities(model);
  fold_batch_norm(model);
  fold_bias(model);
  unshare_biases(model);
  remove_dead_code(model);
  model.graph.input_initializers.clear();
  return model;
}

}  // namespace zeropoint
