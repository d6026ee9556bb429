#include "ops/fused_activation.h"

#include <algorithm>
#include <array>
#include <utility>

namespace zeropoint {
namespace {

constexpr std::array<std::pair<ActivationKind, std::string_view>, 3> kWords = {{
    {ActivationKind::relu, "Relu"},
    {ActivationKind::leaky_relu, "LeakyRelu"},
    {ActivationKind::clip, "Clip"},
}};

}  // namespace

Activation fused_activation(const Node& node) {
  const std::string word = node.get_string("activation", "");
  for (const auto& [kind, name] : kWords) {
    if (name == word) return {kind, node.get_float("activation_alpha", 0), node.get_float("activation_beta", 0)};
  }
  return {};
}

void set_fused_activation(Node& node, const Activation& activation) {
  for (const auto& [kind, name] : kWords) {
    if (kind != activation.kind) continue;
    node.set("activation", std::string(name));
    node.set("activation_alpha", activation.alpha);
    node.set("activation_beta", activation.beta);
  }
}

float apply(const Activation& activation, float x) {
  switch (activation.kind) {
    case ActivationKind::none:
      return x;
    case ActivationKind::relu:
      return x < 0 ? 0 : x;
    case ActivationKind::leaky_relu:
      return x < 0 ? x * activation.alpha : x;
    case ActivationKind::clip:
      return std::min(std::max(x, activation.alpha), activation.beta);
  }
  return x;
}

}  // namespace zeropoint
