// BatchNormalization and Dropout lose the attributes and outputs of training; GroupNormalization gets
// one scale per channel at 21.
#include <array>

#include "passes/channel_scale.h"
#include "passes/opset/rewrite.h"

namespace zeropoint {
namespace {

void require_inference_7(NodeRewrite& at) {
  if (at.node.get_int("is_test", 0) == 0) at.refuse("it is in training mode (is_test is 0)");
  at.node.erase("is_test");
}

void batch_normalization_9(NodeRewrite& at) {
  if (at.node.get_int("spatial", 1) == 0) at.refuse("it normalizes every position by itself (spatial is 0)");
  at.node.erase("spatial");
}

void batch_normalization_14(NodeRewrite& at) {
  for (std::size_t i = 1; i < at.node.outputs.size(); ++i) {
    if (at.is_read(i)) at.refuse("the statistics of training that it gives are read");
  }
  if (at.node.outputs.size() > 1) at.node.outputs.resize(1);
}

/// One value per group, repeated for the group's channels.
void repeat_per_channel(NodeRewrite& at, std::size_t input, std::string_view role, std::int64_t channels) {
  const std::int64_t groups = at.node.get_int("num_groups", 1);
  const std::optional<std::vector<double>> values =
      at.graph.is_constant(at.input(input)) ? to_doubles(at.graph.value(at.input(input)).constant) : std::nullopt;
  if (!values || groups < 1 || channels % groups != 0 || static_cast<std::int64_t>(values->size()) != groups) {
    at.refuse("its {} is not a constant with one float per group", role);
  }
  std::vector<double> repeated;
  for (std::int64_t c = 0; c < channels; ++c)
    repeated.push_back((*values)[static_cast<std::size_t>(c / (channels / groups))]);
  const DType dtype = at.graph.value(at.input(input)).constant.dtype();
  at.set_input(input, role, from_doubles(dtype, {channels}, repeated));
}

void group_normalization_21(NodeRewrite& at) {
  const std::optional<std::int64_t> channels = at.shapes.dim(at.input(0), 1);
  if (!channels) at.refuse("its number of channels is not known");
  repeat_per_channel(at, 1, "scale", *channels);
  repeat_per_channel(at, 2, "bias", *channels);
}

constexpr std::array<OpsetStep, 5> kSteps = {{
    {"BatchNormalization", 7, require_inference_7},
    {"Dropout", 7, require_inference_7},
    {"BatchNormalization", 9, batch_normalization_9},
    {"BatchNormalization", 14, batch_normalization_14},
    {"GroupNormalization", 21, group_normalization_21},
}};

}  // namespace

std::span<const OpsetStep> normalization_steps() { return kSteps; }

}  // namespace zeropoint
