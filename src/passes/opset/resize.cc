// Upsample became Resize at 10; Resize says how it maps coordinates since 11. What was meant before
// is "asymmetric", and for nearest the pixel below (above when shrinking).
#include <algorithm>
#include <array>

#include "passes/opset/rewrite.h"

namespace zeropoint {
namespace {

void upsample_7(NodeRewrite& at) {
  const std::vector<float> scales = {1, 1, at.node.get_float("height_scale", 1), at.node.get_float("width_scale", 1)};
  at.node.set("scales", scales);
  at.node.erase("height_scale");
  at.node.erase("width_scale");
  if (at.node.get_string("mode", "nearest") == "bilinear") at.node.set("mode", std::string("linear"));
}

void upsample_9(NodeRewrite& at) {
  const std::vector<float> scales = at.node.get_floats("scales");
  at.set_input(1, "scales", Tensor::copy_of<float>({static_cast<std::int64_t>(scales.size())}, scales));
  at.node.erase("scales");
}

void upsample_10(NodeRewrite& at) { at.node.op_type = "Resize"; }

void resize_11(NodeRewrite& at) {
  const bool is_nearest = at.node.get_string("mode", "nearest") == "nearest";
  at.node.set("coordinate_transformation_mode", std::string("asymmetric"));
  if (is_nearest) {
    if (!at.graph.is_constant(at.input(1))) at.refuse("its scales are not constant");
    const Tensor& scales = at.graph.value(at.input(1)).constant;
    if (scales.dtype() != DType::f32) at.refuse("its scales are {}", name(scales.dtype()));
    const auto values = scales.values<float>();
    const bool shrinks = std::any_of(values.begin(), values.end(), [](float s) { return s < 1; });
    const bool grows = std::any_of(values.begin(), values.end(), [](float s) { return s > 1; });
    if (shrinks && grows) at.refuse("it shrinks one axis and grows another");
    at.node.set("nearest_mode", std::string(shrinks ? "ceil" : "floor"));
  }
  const ValueId scales = at.input(1);
  at.set_input(1, "roi", Tensor::zeros(DType::f32, {0}));
  at.set_input(2, scales);
}

/// Inputs that had to be there, and empty, may be absent.
void resize_13(NodeRewrite& at) {
  for (std::size_t i = 1; i < at.node.inputs.size(); ++i) {
    ValueId& id = at.node.inputs[i];
    if (at.graph.is_constant(id) && at.graph.value(id).constant.size() == 0) id = kNoValue;
  }
}

constexpr std::array<OpsetStep, 5> kSteps = {{
    {"Upsample", 7, upsample_7},
    {"Upsample", 9, upsample_9},
    {"Upsample", 10, upsample_10},
    {"Resize", 11, resize_11},
    {"Resize", 13, resize_13},
}};

}  // namespace

std::span<const OpsetStep> resize_steps() { return kSteps; }

}  // namespace zeropoint
