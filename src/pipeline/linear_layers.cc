#include "pipeline/linear_layers.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "checkpoint/config.h"

namespace zeropoint {
namespace {

bool is_matrix_of_a_module(const StoredTensor& tensor) {
  return tensor.shape.size() == 2 && tensor.name.ends_with(".weight");
}

}  // namespace

std::vector<std::string> float_linear_layers(const Checkpoint& checkpoint, const std::vector<WeightPlace>& places,
                                             const std::unordered_set<std::string>& quantized) {
  std::unordered_map<std::string, WeightRole> roles;
  for (const WeightPlace& place : places) roles.emplace(place.name, place.role);
  std::vector<std::string> layers;
  for (const StoredTensor& tensor : checkpoint.weights->tensors()) {
    if (quantized.contains(tensor.name)) continue;
    const auto role = roles.find(tensor.name);
    const bool is_linear = role == roles.end()
                               ? is_matrix_of_a_module(tensor)
                               : role->second == WeightRole::linear || role->second == WeightRole::output;
    if (is_linear) layers.push_back(tensor.name);
  }
  if (Config(checkpoint.config, checkpoint.path.string()).flag("tie_word_embeddings", false)) {
    layers.emplace_back("lm_head.weight");  // a Linear that shares the embedding
  }
  std::ranges::sort(layers);  // the same whatever the order of the files
  return layers;
}

}  // namespace zeropoint
